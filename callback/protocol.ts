/**
 * The call-back protocol: a relay asks another Porchlight whether it can be
 * reached from outside, and that one tries it.
 *
 * The asker dials the answerer's own TLS port with this ALPN and sends one
 * request, with which it proves its identity. The answerer dials the address
 * that the request came from (never one that the asker names), at the port
 * that it asks for, as a SimpleX app would, looks whether the identity there is
 * the proven one, and answers what it saw. Then the connection ends.
 *
 * So the most that somebody can find out is which TCP ports of their own
 * address are open, and they have to show who they are for it.
 *
 * ```text
 * request = length of the rest (2) | port (2)
 *           | count (1), for each certificate, leaf first: length (2), DER
 *           | length (1), signature
 * answer  = length of the rest (2) | outcome (1)
 *           | length (1), address that the request came from: 4 or 16 bytes
 *           | milliseconds until connected, or given up (4)
 *
 * signed  = "porchlight-callback/1" | 0 (1) | answerer's fingerprint (32)
 *           | length (1), TLS session ID | port (2)
 * ```
 *
 * Later versions get an ALPN name of their own; what stands behind the last
 * field of an answer is ignored.
 *
 * @module
 */

import {
  certificateFingerprint,
  checkChain,
  type Identity,
  identityCertificate,
  verifyLeafSignature,
} from "../relay/identity/mod.ts";
import { decode, Writer } from "../relay/wire/mod.ts";

/** ALPN protocol name; also what signatures begin with. */
export const CALLBACK_ALPN = "porchlight-callback/1";

/** Longest request after its length, in bytes: four certificates fit easily. */
export const MAX_REQUEST = 8192;

/** Longest answer after its length, in bytes. */
export const MAX_ANSWER = 256;

/** Bytes of the length before both. */
export const LENGTH_SIZE = 2;

const FINGERPRINT_SIZE = 32;
const MAX_CERTIFICATES = 4;

/** What the answerer saw, or why it did not look. */
export type CallbackOutcome =
  /** The asker is there. */
  | "reachable"
  /** The connection was refused. */
  | "refused"
  /** Nothing came back in time. */
  | "timeout"
  /** The network says that there is no way. */
  | "unreachable"
  /** The connection was closed during the TLS handshake. */
  | "closed"
  /** Something else than TLS, or not as a relay speaks it. */
  | "not TLS"
  /** A relay, but not the asker. */
  | "wrong fingerprint"
  /** The asker did not prove who it is. */
  | "not proven"
  /** The request came from an address that no call-back goes to. */
  | "not public"
  /** No call-back goes to this port. */
  | "port not allowed"
  /** The asker's address asked too often. */
  | "too often"
  /** The answerer does too many at this moment. */
  | "busy";

/** On the wire. */
const CODES: readonly (readonly [CallbackOutcome, string])[] = [
  ["reachable", "R"],
  ["refused", "C"],
  ["timeout", "T"],
  ["unreachable", "U"],
  ["closed", "E"],
  ["not TLS", "N"],
  ["wrong fingerprint", "F"],
  ["not proven", "I"],
  ["not public", "L"],
  ["port not allowed", "P"],
  ["too often", "O"],
  ["busy", "B"],
];

/** All outcomes. */
export const CALLBACK_OUTCOMES: readonly CallbackOutcome[] = CODES.map(
  ([outcome]) => outcome,
);

/** A request as it was sent. */
export interface CallbackRequest {
  /** To dial, 1 to 65535. */
  readonly port: number;
  /** The asker's certificates: DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly signature: Uint8Array;
}

/** The answer. */
export interface CallbackAnswer {
  readonly outcome: CallbackOutcome;
  /** Where the request came from: bytes of an IPv4 or IPv6 address. */
  readonly observed: Uint8Array;
  /** Time to connect, or until it was given up. */
  readonly milliseconds: number;
}

/** What a request is bound to: it is of no use anywhere else. */
export interface CallbackBinding {
  /** The answerer's fingerprint, 32 bytes. */
  readonly answerer: Uint8Array;
  /** TLS session ID of the connection that the request goes over. */
  readonly sessionId: Uint8Array;
}

/** A request of `identity`, with its length before it. */
export function encodeRequest(
  port: number,
  identity: Pick<Identity, "chain" | "sign">,
  binding: CallbackBinding,
): Uint8Array {
  return new Writer(2048).largeOf((writer) =>
    writer.u16(port)
      .list(identity.chain, (w, certificate) => w.large(certificate))
      .short(identity.sign(signedBytes(port, binding)))
  ).finish();
}

/** What stands behind the length of a request; `undefined` when it is none. */
export function decodeRequest(body: Uint8Array): CallbackRequest | undefined {
  const request = decode(body, (reader) => ({
    port: reader.u16(),
    chain: reader.nonEmptyList((each) => each.large(), MAX_CERTIFICATES),
    signature: reader.short(),
  }));
  return request?.port === 0 ? undefined : request;
}

/**
 * The fingerprint of whoever made the request, when it is proven; else
 * `undefined`.
 */
export function provenFingerprint(
  { port, chain, signature }: CallbackRequest,
  binding: CallbackBinding,
): Uint8Array | undefined {
  const certificate = identityCertificate(chain);
  if (certificate === undefined) return undefined;
  const fingerprint = certificateFingerprint(certificate);
  if (checkChain(chain, fingerprint) !== "valid") return undefined;
  const signed = signedBytes(port, binding);
  return verifyLeafSignature(chain[0], signed, signature)
    ? fingerprint
    : undefined;
}

/** An answer, with its length before it. */
export function encodeAnswer(answer: CallbackAnswer): Uint8Array {
  const code = CODES.find(([outcome]) => outcome === answer.outcome);
  if (code === undefined) throw new RangeError("Unknown outcome");
  return new Writer(32).largeOf((writer) =>
    writer.ascii(code[1]).short(answer.observed).u32(answer.milliseconds)
  ).finish();
}

/** What stands behind the length of an answer; `undefined` when it is none. */
export function decodeAnswer(body: Uint8Array): CallbackAnswer | undefined {
  const answer = decode(body, (reader) => {
    const code = reader.char();
    return {
      outcome: CODES.find(([, each]) => each === code)?.[0],
      observed: reader.short(),
      milliseconds: reader.u32(),
    };
  }, { partial: true });
  if (answer?.outcome === undefined) return undefined;
  const { outcome, observed, milliseconds } = answer;
  const isAddress = observed.length === 4 || observed.length === 16;
  return isAddress ? { outcome, observed, milliseconds } : undefined;
}

function signedBytes(
  port: number,
  { answerer, sessionId }: CallbackBinding,
): Uint8Array {
  if (answerer.length !== FINGERPRINT_SIZE) {
    throw new RangeError("A fingerprint has 32 bytes");
  }
  return new Writer(192).ascii(CALLBACK_ALPN).byte(0).bytes(answerer)
    .short(sessionId).u16(port).finish();
}
