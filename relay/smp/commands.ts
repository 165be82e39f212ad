/**
 * Commands that clients send, as values (simplexmq 6.5.5, `Command` in
 * `Simplex.Messaging.Protocol`). Their encoding is in `command_codec.ts`.
 *
 * @module
 */

import type { AuthKey } from "../crypto/mod.ts";

/** Encrypted link data: an immutable and a mutable part. */
export interface LinkData {
  readonly fixed: Uint8Array;
  readonly user: Uint8Array;
}

/** `M`: messaging, the sender may secure the queue; `C`: contact address. */
export type QueueMode = "M" | "C";

/**
 * What `NEW` asks of the queue, from version 9 (mode) and 15 (link data).
 * For a messaging queue the relay chooses the link ID, so there is none here.
 */
export type QueueRequest =
  | {
    readonly mode: "M";
    readonly link?: { readonly senderId: Uint8Array; readonly data: LinkData };
  }
  | {
    readonly mode: "C";
    readonly link?: {
      readonly linkId: Uint8Array;
      readonly senderId: Uint8Array;
      readonly data: LinkData;
    };
  };

/** Keys of a notifier: who may subscribe, and the recipient's half of a DH. */
export interface NotifierRequest {
  readonly authKey: AuthKey;
  /** Raw X25519 public key, 32 bytes. */
  readonly dhKey: Uint8Array;
}

/** The request of `NEW`. */
export interface NewQueueRequest {
  readonly recipientKey: AuthKey;
  /** Raw X25519 public key, 32 bytes. */
  readonly recipientDhKey: Uint8Array;
  /** Password for creating queues. */
  readonly basicAuth?: Uint8Array;
  readonly subscribe: boolean;
  readonly queue?: QueueRequest;
  readonly notifier?: NotifierRequest;
}

/** Hosts, port and CA fingerprint of a relay, as sent in `PRXY`. */
export interface RelayAddress {
  /** Host names or IP addresses, each in its text form. */
  readonly hosts: readonly string[];
  /** Port in decimal; empty for the protocol's default. */
  readonly port: string;
  /** SHA-256 of the CA certificate, 32 bytes. */
  readonly fingerprint: Uint8Array;
}

/** What a service is: messaging, notifier, proxy (`SMPServiceRole`). */
export type ServiceRole = "M" | "N" | "P";

/** A union with one member a tag, each with the same fields. */
type Tagged<Tag extends string, Fields = unknown> = Tag extends string
  ? { readonly tag: Tag } & Fields
  : never;

/** A command of a client. */
export type Command =
  | Tagged<
    | "SUB"
    | "SUBS"
    | "LDEL"
    | "NDEL"
    | "GET"
    | "OFF"
    | "DEL"
    | "QUE"
    | "PING"
    | "LGET"
    | "NSUB"
    | "NSUBS"
  >
  | Tagged<"NEW", { readonly request: NewQueueRequest }>
  | Tagged<"KEY" | "SKEY" | "LKEY", { readonly key: AuthKey }>
  | Tagged<"RKEY", { readonly keys: readonly AuthKey[] }>
  | Tagged<"LSET", { readonly linkId: Uint8Array; readonly data: LinkData }>
  | Tagged<"NKEY", { readonly request: NotifierRequest }>
  | Tagged<"ACK", { readonly messageId: Uint8Array }>
  | Tagged<"SEND", {
    /** Whether the recipient's notifier should be told. */
    readonly notification: boolean;
    /** A view into the received block: copy it to keep it. */
    readonly body: Uint8Array;
  }>
  | Tagged<"PRXY", {
    readonly relay: RelayAddress;
    readonly basicAuth?: Uint8Array;
  }>
  | Tagged<"PFWD", {
    readonly version: number;
    /** Raw X25519 public key, 32 bytes. */
    readonly key: Uint8Array;
    readonly transmission: Uint8Array;
  }>
  | Tagged<"RFWD", { readonly transmission: Uint8Array }>;

/** Names of all commands. */
export type CommandTag = Command["tag"];
