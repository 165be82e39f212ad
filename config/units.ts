/**
 * Durations ("21d", "1.5s") and sizes ("1MB") as an owner writes them.
 *
 * @module
 */

const millisecondsIn: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const bytesIn: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
};

/** Reads "1.5s", "90m" and the like: milliseconds, or undefined if it is no duration. */
export function parseDuration(text: string): number | undefined {
  const ms = parseUnits(text, millisecondsIn);
  return ms === undefined ? undefined : Math.round(ms);
}

/** Reads "16KB", "1MB" and the like: bytes (1 KB = 1,024 B), or undefined if it is no size. */
export function parseSize(text: string): number | undefined {
  const bytes = parseUnits(text.toUpperCase(), bytesIn);
  return bytes !== undefined && Number.isInteger(bytes) ? bytes : undefined;
}

/** Writes milliseconds the shortest way: 5400000 → "90m". */
export function formatDuration(ms: number): string {
  return formatUnits(ms, millisecondsIn);
}

/** Writes bytes the shortest way: 1048576 → "1MB". */
export function formatSize(bytes: number): string {
  return formatUnits(bytes, bytesIn);
}

function parseUnits(
  text: string,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-zA-Z]{1,2})$/.exec(text.trim());
  if (match === null || !Object.hasOwn(units, match[2])) return undefined;
  return Number(match[1]) * units[match[2]];
}

function formatUnits(
  value: number,
  units: Readonly<Record<string, number>>,
): string {
  const whole = Object.entries(units).filter(([, n]) => value % n === 0);
  const [unit, n] = whole.at(value === 0 ? 0 : -1) ?? ["", 1];
  return `${value / n}${unit}`;
}
