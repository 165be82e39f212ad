/**
 * ASN.1 DER (ITU-T X.690), as much of it as X.509 certificates and keys need:
 * one-byte tags, definite lengths in their shortest form, below 16 MiB.
 *
 * ```
 * element:  tag 1 | length 1..4 | content
 * length:   0..127 in one byte, else 0x80 + n, then n bytes big-endian
 * ```
 *
 * Readers return `undefined` for whatever is not DER; they never throw.
 *
 * @module
 */

/** Tags used here; constructed ones have bit 0x20 set. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[0]` and `[3]`, constructed. */
  explicit0: 0xa0,
  explicit3: 0xa3,
  /** `[0]`, primitive. */
  implicit0: 0x80,
} as const;

/** One element; both views share the memory of what was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly bytes: Uint8Array;
}

/** Reads `bytes` as exactly one element, of tag `tag` if given. */
export function readElement(
  bytes: Uint8Array,
  tag?: number,
): DerElement | undefined {
  const element = elementAt(bytes, 0);
  if (!element || element.bytes.length !== bytes.length) return undefined;
  return tag === undefined || element.tag === tag ? element : undefined;
}

/** Reads all elements that stand one after another in `content`. */
export function readElements(content: Uint8Array): DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < content.length;) {
    const element = elementAt(content, offset);
    if (!element) return undefined;
    elements.push(element);
    offset += element.bytes.length;
  }
  return elements;
}

/** Elements within `element`, if that has the tag `tag`. */
export function readChildren(
  element: DerElement | undefined,
  tag: number = TAG.sequence,
): DerElement[] | undefined {
  return element?.tag === tag ? readElements(element.content) : undefined;
}

/** Whole bytes of a BIT STRING without unused bits. */
export function readBitString(
  element: DerElement | undefined,
): Uint8Array | undefined {
  if (element?.tag !== TAG.bitString || element.content[0] !== 0) {
    return undefined;
  }
  return element.content.subarray(1);
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 allows them (seconds,
 * Z), in milliseconds since 1970.
 */
export function readTime(element: DerElement | undefined): number | undefined {
  if (!element || element.content.length > 15) return undefined;
  const text = String.fromCharCode(...element.content);
  const utc = element.tag === TAG.utcTime;
  if (!utc && element.tag !== TAG.generalizedTime) return undefined;
  if (!(utc ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) return undefined;
  const digits = utc ? (text < "50" ? "20" : "19") + text : text;
  const iso = digits.replace(
    /^(....)(..)(..)(..)(..)(..)Z$/,
    "$1-$2-$3T$4:$5:$6.000Z",
  );
  const time = Date.parse(iso);
  // The second half refuses dates that Date moves on, such as 30 February.
  return !Number.isNaN(time) && new Date(time).toISOString() === iso
    ? time
    : undefined;
}

function elementAt(bytes: Uint8Array, offset: number): DerElement | undefined {
  if (offset + 2 > bytes.length) return undefined;
  const tag = bytes[offset];
  if ((tag & 0x1f) === 0x1f) return undefined;
  let start = offset + 2;
  let length = bytes[offset + 1];
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count < 1 || count > 3 || start + count > bytes.length) {
      return undefined;
    }
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start++];
    if (length < 0x80 || length < 256 ** (count - 1)) return undefined;
  }
  const end = start + length;
  if (end > bytes.length) return undefined;
  return {
    tag,
    content: bytes.subarray(start, end),
    bytes: bytes.subarray(offset, end),
  };
}

/**
 * Writes one element around `parts`.
 *
 * @throws {RangeError} for a content of 16 MiB or more
 */
export function writeElement(
  tag: number,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = [tag];
  if (length < 0x80) header.push(length);
  else if (length < 0x100) header.push(0x81, length);
  else if (length < 0x10000) header.push(0x82, length >> 8, length & 0xff);
  else if (length < 0x1000000) {
    header.push(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  } else throw new RangeError("Cannot write a DER element of 16 MiB or more");
  const element = new Uint8Array(header.length + length);
  element.set(header);
  let offset = header.length;
  for (const part of parts) {
    element.set(part, offset);
    offset += part.length;
  }
  return element;
}

/** SEQUENCE of `parts`. */
export function writeSequence(...parts: readonly Uint8Array[]) {
  return writeElement(TAG.sequence, ...parts);
}

/** BIT STRING of whole bytes. */
export function writeBitString(bytes: Uint8Array) {
  return writeElement(TAG.bitString, Uint8Array.of(0), bytes);
}

/** OBJECT IDENTIFIER from its dotted form; the first two arcs below 40. */
export function writeOid(dotted: string) {
  const [first, second, ...arcs] = dotted.split(".").map(Number);
  const content = [first * 40 + second];
  for (const arc of arcs) {
    const groups = [arc & 0x7f];
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) {
      groups.unshift((rest & 0x7f) | 0x80);
    }
    content.push(...groups);
  }
  return writeElement(TAG.oid, Uint8Array.from(content));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
export function writeTime(time: Date) {
  const digits = time.toISOString().replace(/\.\d+|[-:T]/g, "");
  const year = time.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? writeElement(TAG.utcTime, new TextEncoder().encode(digits.slice(2)))
    : writeElement(TAG.generalizedTime, new TextEncoder().encode(digits));
}
