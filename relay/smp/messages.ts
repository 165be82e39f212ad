/**
 * What the relay sends to clients, as values (simplexmq 6.5.5, `BrokerMsg` in
 * `Simplex.Messaging.Protocol`). Their encoding is in `message_codec.ts`.
 *
 * @module
 */

import type { LinkData, QueueMode } from "./commands.ts";
import type { SmpError } from "./errors.ts";
import type { VersionRange } from "./versions.ts";

/** IDs and keys of a new queue. */
export interface QueueIds {
  readonly recipientId: Uint8Array;
  readonly senderId: Uint8Array;
  /** The relay's X25519 public key, raw, 32 bytes. */
  readonly relayDhKey: Uint8Array;
  readonly mode?: QueueMode;
  readonly linkId?: Uint8Array;
  readonly serviceId?: Uint8Array;
  readonly notifier?: {
    readonly id: Uint8Array;
    /** The relay's X25519 public key, raw, 32 bytes. */
    readonly relayDhKey: Uint8Array;
  };
}

/** State of a queue, as `QUE` tells it; sent as JSON. */
export interface QueueInfo {
  readonly secured: boolean;
  readonly notifier: boolean;
  /** Subscription of the asking connection. */
  readonly subscription?: {
    readonly state: "noSub" | "subPending" | "subThread" | "prohibitSub";
    /** Base64 (standard alphabet, padded) of the delivered message's ID. */
    readonly delivered?: string;
  };
  readonly size: number;
  /** First message of the queue. */
  readonly message?: {
    /** Base64 (standard alphabet, padded). */
    readonly id: string;
    /** Seconds since 1970. */
    readonly time: number;
    readonly type: "message" | "quota";
  };
}

/** A certificate chain (DER each) and a session key signed with its leaf. */
export interface SignedSessionKey {
  readonly chain: readonly Uint8Array[];
  /** DER of the signed SubjectPublicKeyInfo (X.509 `SignedExact PubKey`). */
  readonly signedKey: Uint8Array;
}

/** A response or an event. */
export type Message =
  | { readonly tag: "IDS"; readonly ids: QueueIds }
  | {
    readonly tag: "LNK";
    readonly senderId: Uint8Array;
    readonly data: LinkData;
  }
  | { readonly tag: "SOK"; readonly serviceId?: Uint8Array }
  | { readonly tag: "SOKS" | "ENDS"; readonly count: number }
  | {
    readonly tag: "MSG";
    readonly messageId: Uint8Array;
    /** Encrypted for the recipient. */
    readonly body: Uint8Array;
  }
  | {
    readonly tag: "NID";
    readonly notifierId: Uint8Array;
    readonly relayDhKey: Uint8Array;
  }
  | {
    readonly tag: "NMSG";
    readonly nonce: Uint8Array;
    readonly meta: Uint8Array;
  }
  | {
    readonly tag: "PKEY";
    readonly sessionId: Uint8Array;
    readonly versions: VersionRange;
    readonly key: SignedSessionKey;
  }
  | { readonly tag: "RRES" | "PRES"; readonly response: Uint8Array }
  | { readonly tag: "END" | "DELD" | "OK" | "PONG" }
  | { readonly tag: "INFO"; readonly info: QueueInfo }
  | { readonly tag: "ERR"; readonly error: SmpError };

/** Names of all responses and events. */
export type MessageTag = Message["tag"];
