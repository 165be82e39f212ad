/**
 * The bytes of a descriptor, which its signature covers. Each descriptor has
 * one form: what is read and written again is the same.
 *
 * ```text
 * body      = version (2), 1 | fingerprint (32) | sequence (8)
 *             | not before (8) | not after (8)
 *             | count (1), for each address: scheme "S" or "X" (1)
 *               | count (1), for each host: length (1), text | port (2)
 *             | roles (1): 1 messages, 2 files, 4 proxy
 *             | open "T" or "F" | full "T" or "F"
 *             | length (1), software
 *             | count (1), for each limit, ascending: kind (1) | value (8)
 *             | maybe region | maybe contact | maybe family | maybe leaves at (8)
 *             | length (2), what later versions add
 * maybe     = "0", or "1" and the value; texts have their length (1) before
 * ```
 *
 * What later versions add is passed over; one that cannot be read without it
 * gets another version number.
 *
 * @module
 */

import {
  AddressError,
  formatServerAddress,
  parseServerAddress,
} from "../../relay/smp/mod.ts";
import {
  decode,
  type Reader,
  WireError,
  Writer,
} from "../../relay/wire/mod.ts";
import {
  BOUNDS,
  type Descriptor,
  type DescriptorAddress,
  type DescriptorLimits,
  type Role,
  ROLES,
} from "./descriptor.ts";

const VERSION = 1;
const FINGERPRINT_SIZE = 32;

/** On the wire, in this order. */
const LIMITS: readonly (readonly [number, keyof DescriptorLimits])[] = [
  [1, "messagesPerQueue"],
  [2, "messageDays"],
  [3, "fileBytes"],
  [4, "chunkBytes"],
  [5, "fileHours"],
  [6, "megabytesPerHour"],
  [7, "gigabytesPerMonth"],
];
const MAX_LIMITS = 16;

/** Control and formatting characters, which could make a text look like another. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * The bytes that are signed.
 *
 * @throws {RangeError} when the descriptor breaks a bound
 */
export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  const { limits } = descriptor;
  const known = LIMITS.filter(([, name]) => limits[name] !== undefined);
  const body = new Writer(512).u16(VERSION).bytes(descriptor.fingerprint)
    .int64(descriptor.sequence).int64(descriptor.notBefore)
    .int64(descriptor.notAfter)
    .list(descriptor.addresses, writeAddress)
    .byte(rolesByte(descriptor.roles))
    .bool(descriptor.open).bool(descriptor.full).text(descriptor.software)
    .list(
      known,
      (writer, [kind, name]) => writer.byte(kind).int64(limits[name] ?? 0),
    )
    .maybe(descriptor.region, (writer, text) => writer.text(text))
    .maybe(descriptor.contact, (writer, text) => writer.text(text))
    .maybe(descriptor.family, (writer, text) => writer.text(text))
    .maybe(descriptor.leavesAt, (writer, time) => writer.int64(time))
    .large(new Uint8Array(0))
    .finish();
  if (decodeDescriptor(body) === undefined) {
    throw new RangeError("Cannot write a descriptor that breaks its bounds");
  }
  return body;
}

/** Reads what {@link encodeDescriptor} writes; `undefined` for anything else. */
export function decodeDescriptor(body: Uint8Array): Descriptor | undefined {
  if (body.length > BOUNDS.body) return undefined;
  return decode(body, readDescriptor);
}

function readDescriptor(reader: Reader): Descriptor {
  if (reader.u16() !== VERSION) throw new WireError("Unknown version");
  const fingerprint = reader.take(FINGERPRINT_SIZE).slice();
  const sequence = natural(reader);
  const notBefore = natural(reader);
  const notAfter = natural(reader);
  if (notAfter <= notBefore || notAfter - notBefore > BOUNDS.validity) {
    throw new WireError("Invalid validity");
  }
  const addresses = reader.nonEmptyList(
    (each) => readAddress(each, fingerprint),
    BOUNDS.addresses,
  );
  const bits = reader.byte();
  const roles = ROLES.filter((_role, bit) => (bits >> bit & 1) === 1);
  if (bits >> ROLES.length !== 0) throw new WireError("Unknown role");
  checkRoles(roles, addresses);
  const open = reader.bool();
  const full = reader.bool();
  const software = text(reader, BOUNDS.software);
  const limits = readLimits(reader);
  const region = reader.maybe((each) => text(each, BOUNDS.region));
  const contact = reader.maybe((each) => text(each, BOUNDS.contact));
  const family = reader.maybe((each) => text(each, BOUNDS.family));
  const leavesAt = reader.maybe(natural);
  reader.large();
  return {
    fingerprint,
    sequence,
    notBefore,
    notAfter,
    addresses,
    roles,
    open,
    full,
    software,
    limits,
    ...(region === undefined ? {} : { region }),
    ...(contact === undefined ? {} : { contact }),
    ...(family === undefined ? {} : { family }),
    ...(leavesAt === undefined ? {} : { leavesAt }),
  };
}

function writeAddress(
  writer: Writer,
  { scheme, hosts, port }: DescriptorAddress,
): void {
  writer.ascii(scheme === "smp" ? "S" : "X")
    .list(hosts, (each, host) => each.text(host)).u16(port);
}

function readAddress(
  reader: Reader,
  fingerprint: Uint8Array,
): DescriptorAddress {
  const code = reader.char();
  if (code !== "S" && code !== "X") throw new WireError("Unknown scheme");
  const scheme = code === "S" ? "smp" : "xftp";
  const hosts = reader.nonEmptyList((each) => each.text(), BOUNDS.hosts);
  const port = reader.u16();
  // As apps will read it: nothing in it may turn it into another address.
  const address = { scheme, hosts, port: String(port), fingerprint } as const;
  try {
    const again = parseServerAddress(formatServerAddress(address));
    if (
      again.hosts.length === hosts.length && again.port === address.port &&
      again.hosts.every((host, at) => host === hosts[at])
    ) return { scheme, hosts, port };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
  }
  throw new WireError("Invalid address");
}

function checkRoles(
  roles: readonly Role[],
  addresses: readonly DescriptorAddress[],
): void {
  const schemes = new Set(addresses.map(({ scheme }) => scheme));
  const fits = roles.length > 0 && schemes.size === addresses.length &&
    roles.includes("smp") === schemes.has("smp") &&
    roles.includes("xftp") === schemes.has("xftp") &&
    (roles.includes("smp") || !roles.includes("proxy"));
  if (!fits) throw new WireError("Roles and addresses do not fit");
}

function readLimits(reader: Reader): DescriptorLimits {
  const limits: { -readonly [name in keyof DescriptorLimits]: number } = {};
  let last = 0;
  reader.list((each) => {
    const kind = each.byte();
    const value = natural(each);
    if (kind <= last) throw new WireError("Limits out of order");
    last = kind;
    const name = LIMITS.find(([known]) => known === kind)?.[1];
    if (name !== undefined) limits[name] = value;
  }, { max: MAX_LIMITS });
  return limits;
}

function rolesByte(roles: readonly Role[]): number {
  return ROLES.reduce(
    (bits, role, bit) => roles.includes(role) ? bits | 1 << bit : bits,
    0,
  );
}

function natural(reader: Reader): number {
  const value = reader.int64();
  if (value < 0) throw new WireError("Negative number");
  return value;
}

function text(reader: Reader, max: number): string {
  const text = reader.text();
  if (
    text === "" || new TextEncoder().encode(text).length > max ||
    UNPRINTABLE.test(text)
  ) throw new WireError("Invalid text");
  return text;
}
