/**
 * What names lead to, as this machine is told.
 *
 * @module
 */

import { lookup } from "node:dns/promises";

/** Longest wait for a name server, in milliseconds. */
const LOOKUP_MS = 6000;

/**
 * The addresses of a name: none where there is no such name, `undefined` where
 * nobody says.
 */
export async function resolve(
  host: string,
): Promise<string[] | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LOOKUP_MS);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), late]);
    return found && [...new Set(found.map(({ address }) => address))];
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
