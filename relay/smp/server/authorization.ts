/**
 * Whether a transmission may do what it asks (simplexmq 6.5.5,
 * `verifyTransmission` and below it in `Simplex.Messaging.Server`).
 *
 * `AUTH` must take the same time whether the queue does not exist, has no
 * such key, has a key of another kind, or the signature is wrong: the time
 * depends on the kind of authorisation in the transmission alone. So where
 * there is no key to check against, a dummy key is checked. What a service
 * signs beside it is checked first, whether the queue exists or not.
 *
 * @module
 */

import {
  type AuthKey,
  SessionAuthenticator,
  verifySignature,
} from "../../crypto/mod.ts";
import type { QueueRole } from "../../store/store.ts";
import { concatBytes, equalBytes } from "../../wire/mod.ts";
import { takesServiceSignature } from "../command_codec.ts";
import type { Command, ServiceRole } from "../commands.ts";
import type { SmpError } from "../errors.ts";
import { isContactQueue, type Queue, type QueueTable } from "../queues/mod.ts";
import {
  type CommandTransmission,
  signedBytes,
  type SignedParts,
} from "../transmission.ts";
import { verifyAuthorization } from "../verify_authorization.ts";
import type { ClientService } from "./services.ts";

/** What became of the check. */
export type Verdict =
  | { readonly allowed: true; readonly queue?: Queue }
  | Refusal;

/** The transmission may not do it. */
export interface Refusal {
  readonly allowed: false;
  readonly error: SmpError;
}

const REFUSED: Refusal = { allowed: false, error: { type: "AUTH" } };
const SERVICE: Refusal = { allowed: false, error: { type: "SERVICE" } };
const PROHIBITED: Refusal = {
  allowed: false,
  error: { type: "CMD", reason: "PROHIBITED" },
};

/** Checks transmissions of one session. */
export class Authorizer {
  readonly #table: QueueTable;
  readonly #authenticator: SessionAuthenticator;
  readonly #service: ClientService | undefined;

  /**
   * `privateKey`: the relay's X25519 key of this session; `service`: the
   * service that the session is of.
   */
  constructor(
    table: QueueTable,
    { privateKey, service }: {
      privateKey: Uint8Array;
      service?: ClientService;
    },
  ) {
    this.#table = table;
    this.#authenticator = new SessionAuthenticator(privateKey);
    this.#service = service;
  }

  /** Checks one transmission and finds its queue. */
  check(transmission: CommandTransmission): Verdict {
    return this.#check(transmission, this.#service);
  }

  /** The same for what a proxy forwards: no service sends that. */
  checkForwarded(transmission: CommandTransmission): Verdict {
    return this.#check(transmission, undefined);
  }

  #check(
    transmission: CommandTransmission,
    service: ClientService | undefined,
  ): Verdict {
    const { command, entityId } = transmission;
    // Before the queue is looked for, so that the time tells nothing of it.
    const refusal = serviceRefusal(transmission, service);
    const role = roleOf(command);
    if (role === undefined) {
      if (refusal !== undefined) return refusal;
      return this.#checkWithoutQueue(transmission, service);
    }
    const queue = this.#table.find(role, entityId);
    if (queue === undefined) {
      this.#verify(transmission, []);
      return REFUSED;
    }
    if (refusal !== undefined) return refusal;
    return this.#mayUse(transmission, queue)
      ? { allowed: true, queue }
      : REFUSED;
  }

  #checkWithoutQueue(
    transmission: CommandTransmission,
    service: ClientService | undefined,
  ): Verdict {
    const { command } = transmission;
    switch (command.tag) {
      case "SUBS":
      case "NSUBS":
        return mayActFor(service, transmission) ? { allowed: true } : SERVICE;
      case "NEW":
        return this.#verify(transmission, [command.request.recipientKey])
          ? { allowed: true }
          : REFUSED;
      default:
        return { allowed: true };
    }
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
    const { signedPrefix, signedRest } = transmission;
    const hash = authorization.serviceSignature && this.#service &&
      this.#service.certificateHash;
    // The queue's key signs for which service as well, so that no other
    // service can be put in its place.
    const signed: SignedParts = {
      signedPrefix: hash ? concatBytes(hash, signedPrefix) : signedPrefix,
      signedRest,
    };
    return verifyAuthorization({
      authorization,
      correlationId: transmission.correlationId,
      signed,
      authenticator: this.#authenticator,
    }, keys);
  }
}

function optional(key: AuthKey | undefined): readonly AuthKey[] {
  return key === undefined ? [] : [key];
}

/** The queue that a command is for is found by its ID in this role. */
function roleOf(command: Command): QueueRole | undefined {
  switch (command.tag) {
    case "PING":
    case "PRXY":
    case "PFWD":
    case "RFWD":
    case "SUBS":
    case "NSUBS":
    case "NEW":
      return undefined;
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

/** What a service session must be to use a command (`partyClientRole`). */
function serviceRoleOf(command: Command): ServiceRole | undefined {
  switch (command.tag) {
    case "PING":
      return undefined;
    case "NSUB":
    case "NSUBS":
      return "N";
    case "RFWD":
      return "P";
    default:
      return "M";
  }
}

/**
 * Why the transmission does not fit the session's service: its role, or its
 * signature, which `NEW`, `SUB` and `NSUB` must have in the session of a
 * service, and nothing else may have.
 */
function serviceRefusal(
  transmission: CommandTransmission,
  service: ClientService | undefined,
): Refusal | undefined {
  const { command, authorization } = transmission;
  const role = serviceRoleOf(command);
  const fits = service === undefined || role === undefined ||
    role === service.role;
  if (!fits) return PROHIBITED;
  const signature = authorization?.serviceSignature;
  if (service === undefined || !takesServiceSignature(command)) {
    return signature === undefined ? undefined : SERVICE;
  }
  if (signature === undefined) return SERVICE;
  const message = signedBytes(transmission);
  return verifySignature(service.key, { message, signature })
    ? undefined
    : SERVICE;
}

/** Whether a command for all queues of the service is signed by its session. */
function mayActFor(
  service: ClientService | undefined,
  transmission: CommandTransmission,
): boolean {
  const { authorization, entityId } = transmission;
  return service !== undefined && equalBytes(entityId, service.id) &&
    authorization?.kind === "signature" &&
    verifySignature(service.key, {
      message: signedBytes(transmission),
      signature: authorization.bytes,
    });
}
