/**
 * Whether a transmission may do what it asks (simplexmq 6.5.5,
 * `verifyTransmission` and below it in `Simplex.Messaging.Server`).
 *
 * `AUTH` must take the same time whether the queue does not exist, has no
 * such key, has a key of another kind, or the signature is wrong: the time
 * depends on the kind of authorisation in the transmission alone. So where
 * there is no key to check against, a dummy key is checked.
 *
 * @module
 */

import {
  type AuthKey,
  cbNonce,
  dummyAuthKey,
  SessionAuthenticator,
  verifySignature,
} from "../../crypto/mod.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { Command } from "../commands.ts";
import { isContactQueue, type Queue, type QueueTable } from "../queues/mod.ts";
import { type CommandTransmission, signedBytes } from "../transmission.ts";

/** What became of the check. */
export type Verdict =
  | { readonly allowed: true; readonly queue?: Queue }
  | {
    readonly allowed: false;
    readonly error: "AUTH" | "SERVICE" | "INTERNAL";
  };

const REFUSED: Verdict = { allowed: false, error: "AUTH" };
const SERVICE: Verdict = { allowed: false, error: "SERVICE" };

/** Checks transmissions of one session. */
export class Authorizer {
  readonly #table: QueueTable;
  readonly #authenticator: SessionAuthenticator;

  /** `privateKey`: the relay's X25519 key of this session. */
  constructor(table: QueueTable, privateKey: Uint8Array) {
    this.#table = table;
    this.#authenticator = new SessionAuthenticator(privateKey);
  }

  /** Checks one transmission and finds its queue. */
  check(transmission: CommandTransmission): Verdict {
    const { command, entityId, authorization } = transmission;
    // There are no service sessions: nothing a service signs is right.
    if (authorization?.serviceSignature !== undefined) return SERVICE;
    switch (command.tag) {
      case "PING":
      case "PRXY":
      case "PFWD":
      case "RFWD":
        return { allowed: true };
      case "SUBS":
      case "NSUBS":
        return SERVICE;
      case "NEW":
        return this.#verify(transmission, [command.request.recipientKey])
          ? { allowed: true }
          : REFUSED;
      default:
        return this.#checkQueue(
          transmission,
          this.#table.find(roleOf(command), entityId),
        );
    }
  }

  #checkQueue(
    transmission: CommandTransmission,
    queue: Queue | undefined,
  ): Verdict {
    const allowed = queue === undefined
      ? this.#verify(transmission, [])
      : this.#mayUse(transmission, queue);
    return allowed && queue !== undefined ? { allowed, queue } : REFUSED;
  }

  #mayUse(transmission: CommandTransmission, queue: Queue): boolean {
    const { command, authorization } = transmission;
    switch (command.tag) {
      case "SEND":
        // Before the queue is secured, only what is not authorised may pass.
        return queue.record.senderKey === undefined &&
            authorization === undefined ||
          this.#verify(transmission, optional(queue.senderKey));
      case "SKEY":
      case "LKEY": {
        const { mode, senderKey } = queue.record;
        const fits = mode === "M" &&
          (senderKey === undefined || equalBytes(senderKey, command.key.spki));
        return this.#verify(transmission, fits ? [command.key] : []);
      }
      case "LGET":
        return isContactQueue(queue.record);
      case "NSUB":
        return this.#verify(transmission, optional(queue.notifierKey));
      default:
        return this.#verify(transmission, queue.recipientKeys);
    }
  }

  /** Whether the transmission is authorised by any of `keys`. */
  #verify(
    transmission: CommandTransmission,
    keys: readonly AuthKey[],
  ): boolean {
    const { authorization } = transmission;
    if (authorization === undefined) return false;
    const algorithm = authorization.kind === "signature"
      ? authorization.algorithm
      : "x25519";
    const verifies = (key: AuthKey) =>
      authorization.kind === "signature"
        ? verifySignature(key, {
          message: signedBytes(transmission),
          signature: authorization.bytes,
        })
        : this.#authenticator.verify(key.raw, {
          nonce: cbNonce(transmission.correlationId),
          message: transmission.signedPrefix,
          rest: transmission.signedRest,
          authenticator: authorization.bytes,
        });
    const fitting = keys.filter((key) => key.algorithm === algorithm);
    if (fitting.length === 0) {
      verifies(dummyAuthKey(algorithm));
      return false;
    }
    return fitting.some(verifies);
  }
}

function optional(key: AuthKey | undefined): readonly AuthKey[] {
  return key === undefined ? [] : [key];
}

function roleOf(
  command: Command,
): "recipient" | "sender" | "notifier" | "link" {
  switch (command.tag) {
    case "SEND":
    case "SKEY":
      return "sender";
    case "LKEY":
    case "LGET":
      return "link";
    case "NSUB":
      return "notifier";
    default:
      return "recipient";
  }
}
