/** `1.2.3` or `1.2.3-beta.4`, as in `deno.json`. */
const PATTERN = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9a-z.]{1,32}))?$/;

/** Whether it is written as versions are; then it is safe in a path too. */
export function isVersion(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * Below 0 where `a` is older than `b`, 0 where they are the same, else above.
 * What follows a hyphen is older than the version without (semver.org, 11).
 *
 * @throws {TypeError} where one of them is no version
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let index = 0; index < 3; index++) {
    const difference = left.numbers[index] - right.numbers[index];
    if (difference !== 0) return difference;
  }
  return comparePreview(left.preview, right.preview);
}

function parse(text: string): { numbers: number[]; preview: string[] } {
  const match = PATTERN.exec(text);
  if (match === null) throw new TypeError(`No version: ${text.slice(0, 40)}`);
  const [, major, minor, patch, preview] = match;
  return {
    numbers: [major, minor, patch].map(Number),
    preview: preview === undefined ? [] : preview.split("."),
  };
}

function comparePreview(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    if (left === right) continue;
    const numbers = [left, right].map((part) => /^\d+$/.test(part));
    if (numbers[0] && numbers[1]) return Number(left) - Number(right);
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
