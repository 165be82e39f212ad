/**
 * Signed descriptors: anybody can check one against the fingerprint in the
 * relay's address, whoever passed it on.
 *
 * ```text
 * signed    = length (2), body
 *             | count (1), for each certificate, leaf first: length (2), DER
 *             | length (1), signature
 * signature of the leaf's key over
 *             "porchlight-descriptor/1" | 0 (1) | body
 * ```
 *
 * @module
 */

import {
  checkChain,
  type Identity,
  verifyLeafSignature,
} from "../../relay/identity/mod.ts";
import {
  concatBytes,
  decode,
  equalBytes,
  fromBase64Url,
  Writer,
} from "../../relay/wire/mod.ts";
import { decodeDescriptor, encodeDescriptor } from "./codec.ts";
import { BOUNDS, type Descriptor } from "./descriptor.ts";

const CONTEXT = new TextEncoder().encode("porchlight-descriptor/1\0");
const MAX_CERTIFICATES = 4;
/** How far clocks may be apart, seconds. */
const SKEW = 3600;

/** A descriptor that its relay has signed. */
export interface SignedDescriptor {
  readonly descriptor: Descriptor;
  /** What is signed. Certificates around it can differ, and mean the same. */
  readonly body: Uint8Array;
  /** Certificates of the relay: DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** All of it, as it is passed on. */
  readonly bytes: Uint8Array;
}

/** Why a descriptor is not taken. */
export type DescriptorFault =
  /** The bytes are no descriptor. */
  | "malformed"
  /** The certificates do not lead to the relay, or the signature is not its. */
  | "not signed by the relay"
  | "expired"
  | "not valid yet";

/**
 * Signs a descriptor of this relay.
 *
 * @throws {RangeError} when it breaks a bound, or is of another relay
 */
export function signDescriptor(
  descriptor: Descriptor,
  identity: Pick<Identity, "chain" | "sign" | "fingerprint">,
): SignedDescriptor {
  if (!equalBytes(descriptor.fingerprint, identity.fingerprint)) {
    throw new RangeError("A relay signs for itself only");
  }
  const body = encodeDescriptor(descriptor);
  const bytes = new Writer(2048).large(body)
    .list(identity.chain, (writer, certificate) => writer.large(certificate))
    .short(identity.sign(concatBytes(CONTEXT, body))).finish().slice();
  if (bytes.length > BOUNDS.signed) {
    throw new RangeError("The relay's certificates are too long");
  }
  return { descriptor, body, chain: identity.chain, bytes };
}

/**
 * The descriptor in `bytes` when its relay has signed it and it holds now
 * (ms since 1970); else why it is not taken.
 */
export function verifyDescriptor(
  bytes: Uint8Array,
  { now = Date.now() }: { readonly now?: number } = {},
): SignedDescriptor | DescriptorFault {
  const parts = readParts(bytes);
  if (parts === undefined) return "malformed";
  const { body, chain, signature, descriptor } = parts;
  const seconds = now / 1000;
  if (descriptor.notAfter < seconds) return "expired";
  if (descriptor.notBefore > seconds + SKEW) return "not valid yet";
  // Its own validity counts; a home without a clock has odd certificates.
  const fault = checkChain(chain, descriptor.fingerprint, { ignoreTime: true });
  if (
    fault !== "valid" ||
    !verifyLeafSignature(chain[0], concatBytes(CONTEXT, body), signature)
  ) return "not signed by the relay";
  return own(bytes, parts);
}

/** Reads one that was verified before, whether or not it still holds. */
export function readVerifiedDescriptor(
  bytes: Uint8Array,
): SignedDescriptor | undefined {
  const parts = readParts(bytes);
  return parts && own(bytes, parts);
}

/** The same of base64url text, as it stands in answers of a directory. */
export function verifyDescriptorText(
  text: string,
  options: { readonly now?: number } = {},
): SignedDescriptor | DescriptorFault {
  const bytes = text.length > 2 * BOUNDS.signed
    ? undefined
    : fromBase64Url(text);
  return bytes === undefined ? "malformed" : verifyDescriptor(bytes, options);
}

interface Parts {
  readonly body: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly signature: Uint8Array;
  readonly descriptor: Descriptor;
}

function readParts(bytes: Uint8Array): Parts | undefined {
  if (bytes.length > BOUNDS.signed) return undefined;
  const parts = decode(bytes, (reader) => ({
    body: reader.large(),
    chain: reader.nonEmptyList((each) => each.large(), MAX_CERTIFICATES),
    signature: reader.short(),
  }));
  const descriptor = parts && decodeDescriptor(parts.body);
  return descriptor && { ...parts, descriptor };
}

/** In memory of its own, which the network's buffers do not share. */
function own(
  bytes: Uint8Array,
  { body, chain, descriptor }: Parts,
): SignedDescriptor {
  return {
    descriptor,
    body: body.slice(),
    chain: chain.map((each) => each.slice()),
    bytes: bytes.slice(),
  };
}
