/**
 * What the relay says of the ways to it (`GET /path`), read with care: it may
 * be of another version.
 *
 * @module
 */

/** The public IP addresses of this home, as far as the relay knows them. */
export function externalAddresses(_path: unknown): string[] {
  return [];
}
