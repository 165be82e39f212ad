/**
 * The static table (RFC 7541 appendix A): fields that need no table of a
 * connection.
 *
 * @module
 */

import type { HeaderField } from "../stream.ts";

/** Entries 1 to 61, in order; the entry at `index - 1` has the index. */
// deno-fmt-ignore
export const STATIC_TABLE: readonly HeaderField[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],];

/** What the static table has for a field. */
export interface StaticMatch {
  /** Index of an entry with this name. */
  readonly index: number;
  /** Whether its value is this one, too. */
  readonly whole: boolean;
}

const names = new Map<string, { index: number; values: Map<string, number> }>();
STATIC_TABLE.forEach(([name, value], at) => {
  const index = at + 1;
  const known = names.get(name);
  if (known === undefined) {
    names.set(name, { index, values: new Map([[value, index]]) });
  } else known.values.set(value, index);
});

/** The best entry for a field, if its name is there. */
export function findStatic(
  name: string,
  value: string,
): StaticMatch | undefined {
  const known = names.get(name);
  if (known === undefined) return undefined;
  const index = known.values.get(value);
  return index === undefined
    ? { index: known.index, whole: false }
    : { index, whole: true };
}
