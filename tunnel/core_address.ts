/**
 * Addresses of cores, as their operators hand them out:
 * `porchlight://<fingerprint>@<host>[,<host>…][:<port>]`.
 *
 * @module
 */

import {
  AddressError,
  formatServerAddress,
  parseServerAddress,
} from "../relay/smp/mod.ts";

/** Port of a core whose address names none. */
export const DEFAULT_CORE_PORT = 443;

/** Where a core is, and how to know it. */
export interface CoreAddress {
  /** SHA-256 of its CA certificate, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** Names or IP addresses. */
  readonly hosts: readonly string[];
  readonly port: number;
}

const SCHEME = "porchlight://";
const FORM = "porchlight://<fingerprint>@<host>:<port>";

/**
 * The address that `text` says.
 *
 * @throws {AddressError} for its author
 */
export function parseCoreAddress(text: string): CoreAddress {
  if (!text.startsWith(SCHEME)) {
    throw new AddressError(
      `This is not the address of a core. It should look like ${FORM}; the people who run the core hand it out.`,
    );
  }
  const address = parseServerAddress("smp://" + text.slice(SCHEME.length));
  if (address.password !== undefined) {
    throw new AddressError(`A core's address has no password: ${FORM}`);
  }
  return {
    fingerprint: address.fingerprint,
    hosts: address.hosts,
    port: address.port === "" ? DEFAULT_CORE_PORT : Number(address.port),
  };
}

/** The address as text that {@link parseCoreAddress} reads. */
export function formatCoreAddress(
  { fingerprint, hosts, port }: CoreAddress,
): string {
  const text = formatServerAddress({
    scheme: "smp",
    fingerprint,
    hosts: [...hosts],
    port: String(port),
  });
  return SCHEME + text.slice("smp://".length);
}
