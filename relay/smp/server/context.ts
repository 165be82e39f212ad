/**
 * What all sessions of one relay share.
 *
 * @module
 */

import type { Counters, Statistics } from "../../stats/mod.ts";
import type { Store, WriteGroup } from "../../store/store.ts";
import type { SmpError } from "../errors.ts";
import type { Message } from "../messages.ts";
import type { QueueTable } from "../queues/mod.ts";
import type { VersionRange } from "../versions.ts";
import type { Delivery, Outgoing } from "./delivery.ts";
import type { EndEvents } from "./end_events.ts";
import type { LimitOptions, Limits } from "./limits.ts";
import type { Notifications } from "./notifications.ts";
import type { ServiceSubscriptions } from "./service_subscriptions.ts";
import type { Services } from "./services.ts";

/** What the owner of the relay gives to others. */
export interface ShareGate {
  /** It is used up for now: only the owner can create anything. */
  readonly full: boolean;
  /** Whether this is the password of the owner. */
  isOwn(password: Uint8Array | undefined): boolean;
}

/** Settings of the SMP server. Times in milliseconds unless named otherwise. */
export interface SmpOptions {
  /** Versions offered when ALPN was agreed. */
  readonly versions: VersionRange;
  /** Whether clients may create queues. */
  readonly newQueues: boolean;
  /** Password that creating a queue takes; none when absent. */
  readonly createPassword?: Uint8Array;
  /** What the owner gives to others; all of it unless it says so. */
  readonly share?: ShareGate;
  /** Messages a queue may hold. */
  readonly messagesPerQueue: number;
  /** Age in seconds at which messages are deleted; never when absent. */
  readonly messageTtlSeconds?: number;
  /** Between two runs of message expiry. */
  readonly messageExpiryCheckMs: number;
  /** Whether a queue's old messages go when a message is sent to it. */
  readonly expireOnSend: boolean;
  /** Whether old messages go before the first client is served. */
  readonly expireOnStart: boolean;
  /** Between two deliveries of notifications. */
  readonly notificationIntervalMs: number;
  /** Age in seconds at which pending notifications are deleted. */
  readonly notificationTtlSeconds: number;
  /** Between two runs of their expiry. */
  readonly notificationExpiryCheckMs: number;
  /** How long `END` and `DELD` gather. */
  readonly endDelayMs: number;
  /** From the end of the TLS handshake to the end of the SMP handshake. */
  readonly handshakeTimeoutMs: number;
  /** Idle clients without subscriptions are closed after it; never if absent. */
  readonly inactiveAfterMs?: number;
  /** Between two looks for idle clients. */
  readonly inactiveCheckMs: number;
  /** Blocks of a session that may wait for the disk. */
  readonly pendingPerConnection: number;
  /** Bytes that may wait for the client to read before delivery pauses. */
  readonly outputPerConnection: number;
  /** Bounds over all clients, and of queues created by one. */
  readonly limits?: LimitOptions;
}

/** Shared parts. */
export interface SmpContext {
  readonly options: SmpOptions;
  readonly table: QueueTable;
  readonly delivery: Delivery;
  readonly notifications: Notifications;
  readonly ends: EndEvents;
  readonly services: Services;
  /** Subscriptions of messaging services. */
  readonly recipientServices: ServiceSubscriptions;
  /** Subscriptions of notifier services. */
  readonly notifierServices: ServiceSubscriptions;
  readonly limits: Limits;
  readonly statistics: Statistics;
  /** Those of the statistics. */
  readonly counters: Counters;
  /** Whether the disk takes more; tells it in `hasRoom`. */
  readonly store: Pick<Store, "hasRoom">;
  /** Clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Told of errors that only the owner can mend (disk, database). */
  readonly onError: (error: unknown) => void;
}

/** The answer to one command. */
export interface Answer {
  readonly message: Message;
  /** The answer may go out only when this group is on disk. */
  readonly group?: WriteGroup;
  /** What to answer instead when the group could not be written. */
  readonly failed?: (error: SmpError) => Message;
  /** Sent after the answers of the whole block. */
  readonly event?: Outgoing;
  /** The entity ID of the answer where it is not the command's. */
  readonly entityId?: Uint8Array;
}

/** `ERR` with an error that has no parameters. */
export function refuse(
  type: Exclude<SmpError["type"], "CMD" | "PROXY" | "BLOCKED" | "STORE">,
): Answer {
  return { message: { tag: "ERR", error: { type } } };
}

/** `ERR CMD PROHIBITED`. */
export const prohibited: Answer = {
  message: { tag: "ERR", error: { type: "CMD", reason: "PROHIBITED" } },
};

/**
 * The answer while the disk is nearly full: what is on it can still be
 * received and deleted, but nothing new is taken.
 */
export const noRoom: Answer = {
  message: { tag: "ERR", error: { type: "STORE", message: "no room" } },
};

/** `OK`, once `group` is on disk. */
export function ok(group?: WriteGroup): Answer {
  return { message: { tag: "OK" }, group };
}

/** Whole days since 1970. */
export function day(now: number): number {
  return Math.floor(now / 86_400_000);
}
