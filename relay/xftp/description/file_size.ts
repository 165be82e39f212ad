/**
 * Sizes in file descriptions (simplexmq 6.5.5, `StrEncoding` of `FileSize` in
 * `Simplex.FileTransfer.Description`): bytes in the largest unit that takes
 * them whole, `64kb`, `13mb`, `1gb`, `1000`.
 *
 * @module
 */

const units: readonly [name: string, bytes: number][] = [
  ["gb", 1024 ** 3],
  ["mb", 1024 ** 2],
  ["kb", 1024],
  ["", 1],
];

/** The size as text. */
export function formatFileSize(size: number): string {
  for (const [name, bytes] of units) {
    if (size % bytes === 0) return `${size / bytes}${name}`;
  }
  throw new RangeError("A size is a whole number of bytes");
}

/** The bytes that a text says; `undefined` when it does not say a size. */
export function parseFileSize(text: string): number | undefined {
  const match = /^(\d{1,16})(gb|mb|kb|)$/.exec(text);
  const unit = units.find(([name]) => name === match?.[2]);
  if (match === null || unit === undefined) return undefined;
  const size = Number(match[1]) * unit[1];
  return Number.isSafeInteger(size) ? size : undefined;
}
