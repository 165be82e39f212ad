/**
 * Addresses of relays, as text and as bytes (simplexmq 6.5.5, `serverStrP`,
 * `strEncodeServer` and the `Encoding` of `ProtocolServer` in
 * `Simplex.Messaging.Protocol`).
 *
 * ```text
 * text:  smp://<fingerprint>[:<password>]@<host>[,<host>…][:<port>]
 * bytes: count (1) | for each host: length (1), text
 *        | length (1), port in decimal or nothing
 *        | length (1), fingerprint
 * ```
 *
 * @module
 */

import {
  fromBase64Url,
  type Reader,
  toBase64Url,
  WireError,
  type Writer,
} from "../wire/mod.ts";
import type { RelayAddress } from "./commands.ts";
import { hostInAddress, normalizeHost } from "./host.ts";

/** An address as users see it. */
export interface ServerAddress extends RelayAddress {
  readonly scheme: "smp" | "xftp";
  /** Password for creating queues or files. */
  readonly password?: string;
}

/** A text is not the address of a relay; the message is for its author. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

/** SHA-256 of a certificate, in bytes. */
const FINGERPRINT_SIZE = 32;
const FORM = "smp://<fingerprint>@<host>:<port>";
const ADDRESS_PATTERN = /^([^:/@]*):\/\/([^:@]*)(?::([^@]*))?@(.*)$/s;

/**
 * The address that `text` says.
 *
 * Stricter than the reference where it takes what cannot work: the
 * fingerprint has 32 bytes, the port is 1 to 65535, see also `normalizeHost`.
 *
 * @throws {AddressError} when it does not say one; the message tells what is
 * wrong and does not repeat the password
 *
 * @example
 * ```ts
 * parseServerAddress("smp://LcJU…wjI=@smp.example.com:5223").hosts;
 * // ["smp.example.com"]
 * ```
 */
export function parseServerAddress(text: string): ServerAddress {
  const parts = ADDRESS_PATTERN.exec(text);
  if (parts === null) {
    throw new AddressError(
      `This is not the address of a server. It should look like ${FORM}.`,
    );
  }
  const [, scheme, fingerprint, password, location] = parts;
  return {
    scheme: parseScheme(scheme),
    fingerprint: parseFingerprint(fingerprint),
    password: parsePassword(password),
    ...parseLocation(location),
  };
}

/** The address as text; IPv6 hosts in brackets, so that it can be read back. */
export function formatServerAddress(address: ServerAddress): string {
  const { scheme, fingerprint, password, hosts, port } = address;
  const login = toBase64Url(fingerprint) +
    (password === undefined ? "" : `:${password}`);
  const location = hosts.map(hostInAddress).join(",") +
    (port === "" ? "" : `:${port}`);
  return `${scheme}://${login}@${location}`;
}

/** Whether the characters of a password may stand in an address. */
export function isAddressPassword(password: string): boolean {
  return password !== "" &&
    /^[!-~\u00a1-\u00ac\u00ae-\u00ff]+$/.test(password) &&
    !/[@:/]/.test(password);
}

/** Writes hosts, port and fingerprint. */
export function writeRelayAddress(writer: Writer, address: RelayAddress): void {
  writer.list(address.hosts, writeLatin1);
  writeLatin1(writer, address.port);
  writer.short(address.fingerprint);
}

/**
 * Reads hosts, port and fingerprint. Port and length of the fingerprint are
 * not checked, as in the reference: a connection to such a relay fails.
 *
 * @throws {WireError} when the bytes are not an address
 */
export function readRelayAddress(reader: Reader): RelayAddress {
  return {
    hosts: reader.nonEmptyList(readHost),
    port: readLatin1(reader),
    fingerprint: reader.short(),
  };
}

function readHost(reader: Reader): string {
  const host = normalizeHost(readLatin1(reader));
  if (host === undefined) throw new WireError("Invalid host");
  return host;
}

function parseScheme(scheme: string): ServerAddress["scheme"] {
  if (scheme === "smp" || scheme === "xftp") return scheme;
  throw new AddressError(
    "The address of a server begins with smp:// (messages) or xftp:// (files).",
  );
}

function parseFingerprint(text: string): Uint8Array {
  const fingerprint = fromBase64Url(text);
  if (fingerprint?.length === FINGERPRINT_SIZE) return fingerprint;
  throw new AddressError(
    "The fingerprint in the address, between :// and @ or the password, is " +
      "not complete: it has 43 or 44 letters, digits, - and _.",
  );
}

function parsePassword(password: string | undefined): string | undefined {
  if (password === undefined || isAddressPassword(password)) return password;
  throw new AddressError(
    "The password in the address, between : and @, is empty or has a " +
      "character that cannot stand there: space, @, : or /.",
  );
}

function parseLocation(
  location: string,
): Pick<ServerAddress, "hosts" | "port"> {
  const hosts = location.split(",");
  const last = hosts.pop() ?? "";
  // An IPv6 address without brackets has no port, as in the reference.
  const colon = normalizeHost(last) === undefined ? last.lastIndexOf(":") : -1;
  const lastHost = colon < 0 ? last : last.slice(0, colon);
  return {
    hosts: [...hosts, lastHost].map(parseHost),
    port: colon < 0 ? "" : parsePort(last.slice(colon + 1)),
  };
}

function parseHost(text: string): string {
  const host = normalizeHost(text);
  if (host !== undefined) return host;
  throw new AddressError(
    `"${text}" in the address is not a host: it takes a domain, an IP ` +
      "address (IPv6 in brackets) or an .onion name.",
  );
}

function parsePort(port: string): string {
  const number = /^\d+$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65535) {
    throw new AddressError("The port in the address is not from 1 to 65535.");
  }
  return String(number);
}

function writeLatin1(writer: Writer, text: string): void {
  writer.byte(text.length).ascii(text);
}

function readLatin1(reader: Reader): string {
  let text = "";
  for (const byte of reader.short()) text += String.fromCharCode(byte);
  return text;
}
