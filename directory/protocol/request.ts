/**
 * What a relay asks of a directory, signed by the relay's online key, so that
 * it does not matter who carries it, and of no use at another directory.
 *
 * ```text
 * request   = signed part | length (1), signature
 * signed    = kind (1): "R" register, "H" heartbeat, "L" leave, "I" invite
 *             | relay's fingerprint (32) | directory's fingerprint (32)
 *             | sequence (8) | instance (8) | length (2), content
 * signature of the key of the relay's online certificate over
 *             "porchlight-request/1" | 0 (1) | signed part
 *
 * register  = length (2), signed descriptor | nonce (16) | counter (8)
 * heartbeat = maybe length (2), signed descriptor | full "T" or "F"
 *             | count (1), for each number, ascending: kind (1) | value (8)
 * leave     = leaves at (8), seconds since 1970
 * invite    = fingerprint of the relay that is invited (32)
 * ```
 *
 * **Sequence**: higher than in any request before, of this identity to this
 * directory; milliseconds since 1970 do, as long as they rise. A request that
 * is repeated or comes late is refused by it.
 *
 * **Instance**: random, new at each start of the relay. When an instance comes
 * back after another one has taken its place, two machines have one identity.
 *
 * @module
 */

import {
  type Identity,
  verifyLeafSignature,
} from "../../relay/identity/mod.ts";
import {
  concatBytes,
  decode,
  fromBase64Url,
  type Reader,
  WireError,
  Writer,
} from "../../relay/wire/mod.ts";
import { BOUNDS } from "../descriptor/mod.ts";
import { WORK_NONCE_SIZE } from "./work.ts";

const CONTEXT = new TextEncoder().encode("porchlight-request/1\0");
const FINGERPRINT_SIZE = 32;
/** Bytes of an instance. */
export const INSTANCE_SIZE = 8;
/** Longest request, in bytes. */
export const MAX_REQUEST = BOUNDS.signed + 512;
const MAX_NUMBERS = 16;

/** What is told in heartbeats: rounded, and of the last day. */
export interface HeartbeatNumbers {
  /** Messages that were taken. */
  readonly messages?: number;
  /** Bytes of files that were given and taken. */
  readonly fileBytes?: number;
  /** Queues that are there. */
  readonly queues?: number;
  /** Clients that are connected. */
  readonly clients?: number;
  /** Hours since the relay was started. */
  readonly uptimeHours?: number;
}

const NUMBERS: readonly (readonly [number, keyof HeartbeatNumbers])[] = [
  [1, "messages"],
  [2, "fileBytes"],
  [3, "queues"],
  [4, "clients"],
  [5, "uptimeHours"],
];

/** What is asked. */
export type RequestContent =
  | {
    readonly type: "register";
    /** Bytes of the signed descriptor. */
    readonly descriptor: Uint8Array;
    /** Proof of work, see `work.ts`. */
    readonly nonce: Uint8Array;
    readonly counter: number;
  }
  | {
    readonly type: "heartbeat";
    /** A new one, when it has changed. */
    readonly descriptor?: Uint8Array;
    /** What the owner gives is used up for now. */
    readonly full: boolean;
    readonly numbers: HeartbeatNumbers;
  }
  | {
    readonly type: "leave";
    /** Seconds since 1970. */
    readonly at: number;
  }
  | {
    readonly type: "invite";
    readonly guest: Uint8Array;
  };

/** What stands around it. */
export interface RequestHead {
  readonly fingerprint: Uint8Array;
  readonly directory: Uint8Array;
  readonly sequence: number;
  readonly instance: Uint8Array;
}

/** A request that was read; its signature is not checked yet. */
export interface RelayRequest extends RequestHead {
  readonly content: RequestContent;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

const CODES = {
  register: "R",
  heartbeat: "H",
  leave: "L",
  invite: "I",
} as const;

/** A request of this relay. */
export function encodeRelayRequest(
  content: RequestContent,
  head: Omit<RequestHead, "fingerprint">,
  identity: Pick<Identity, "fingerprint" | "sign">,
): Uint8Array {
  const signed = new Writer(512).ascii(CODES[content.type])
    .bytes(sized(identity.fingerprint, FINGERPRINT_SIZE))
    .bytes(sized(head.directory, FINGERPRINT_SIZE))
    .int64(head.sequence)
    .bytes(sized(head.instance, INSTANCE_SIZE))
    .largeOf((writer) => writeContent(writer, content)).finish();
  const signature = identity.sign(concatBytes(CONTEXT, signed));
  return new Writer(signed.length + 128).bytes(signed).short(signature)
    .finish();
}

/** Reads what {@link encodeRelayRequest} writes. */
export function decodeRelayRequest(
  bytes: Uint8Array,
): RelayRequest | undefined {
  if (bytes.length > MAX_REQUEST) return undefined;
  return decode(bytes, (reader) => {
    const code = reader.char();
    const fingerprint = reader.take(FINGERPRINT_SIZE);
    const directory = reader.take(FINGERPRINT_SIZE);
    const sequence = natural(reader);
    const instance = reader.take(INSTANCE_SIZE);
    const content = decode(reader.large(), (each) => readContent(each, code));
    if (content === undefined) throw new WireError("Invalid content");
    const signed = bytes.subarray(0, reader.offset);
    const signature = reader.short();
    return {
      fingerprint,
      directory,
      sequence,
      instance,
      content,
      signed,
      signature,
    };
  });
}

/** The same of base64url text. */
export function decodeRelayRequestText(text: string): RelayRequest | undefined {
  const bytes = text.length > 2 * MAX_REQUEST ? undefined : fromBase64Url(text);
  return bytes && decodeRelayRequest(bytes);
}

/** Whether the key of the relay's online certificate (DER) has signed it. */
export function verifyRelayRequest(
  { signed, signature }: RelayRequest,
  leaf: Uint8Array,
): boolean {
  return verifyLeafSignature(leaf, concatBytes(CONTEXT, signed), signature);
}

function writeContent(writer: Writer, content: RequestContent): void {
  switch (content.type) {
    case "register":
      writer.large(content.descriptor)
        .bytes(sized(content.nonce, WORK_NONCE_SIZE)).int64(content.counter);
      break;
    case "heartbeat": {
      const { numbers } = content;
      const known = NUMBERS.filter(([, name]) => numbers[name] !== undefined);
      writer.maybe(content.descriptor, (w, bytes) => w.large(bytes))
        .bool(content.full)
        .list(
          known,
          (w, [kind, name]) => w.byte(kind).int64(numbers[name] ?? 0),
        );
      break;
    }
    case "leave":
      writer.int64(content.at);
      break;
    case "invite":
      writer.bytes(sized(content.guest, FINGERPRINT_SIZE));
  }
}

function readContent(reader: Reader, code: string): RequestContent {
  switch (code) {
    case "R":
      return {
        type: "register",
        descriptor: reader.large(),
        nonce: reader.take(WORK_NONCE_SIZE),
        counter: natural(reader),
      };
    case "H": {
      const descriptor = reader.maybe((each) => each.large());
      const full = reader.bool();
      const numbers = readNumbers(reader);
      return { type: "heartbeat", descriptor, full, numbers };
    }
    case "L":
      return { type: "leave", at: natural(reader) };
    case "I":
      return { type: "invite", guest: reader.take(FINGERPRINT_SIZE) };
    default:
      throw new WireError("Unknown request");
  }
}

function readNumbers(reader: Reader): HeartbeatNumbers {
  const numbers: { -readonly [name in keyof HeartbeatNumbers]: number } = {};
  let last = 0;
  reader.list((each) => {
    const kind = each.byte();
    const value = natural(each);
    if (kind <= last) throw new WireError("Numbers out of order");
    last = kind;
    const name = NUMBERS.find(([known]) => known === kind)?.[1];
    if (name !== undefined) numbers[name] = value;
  }, { max: MAX_NUMBERS });
  return numbers;
}

function natural(reader: Reader): number {
  const value = reader.int64();
  if (value < 0) throw new WireError("Negative number");
  return value;
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new RangeError(`Not ${size} bytes`);
  return bytes;
}
