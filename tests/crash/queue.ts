/**
 * A queue as its clients know it: keys and IDs that outlive the relay, and the
 * record of what the relay has said.
 *
 * @module
 */

import {
  type BoxKey,
  boxKey,
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
  publicAuthKey,
} from "../../relay/crypto/mod.ts";
import {
  type Command,
  decryptReceivedMessage,
  type Message,
} from "../../relay/smp/mod.ts";
import { toBase64 } from "../../relay/wire/mod.ts";
import type { SeededRandom } from "../seeded_random.ts";
import { makeBody, readBody } from "./body.ts";
import { Change } from "./change.ts";
import { Fault } from "./fault.ts";
import { type Delivered, Ledger } from "./ledger.ts";
import type { Link } from "./link.ts";

/** A response in words: `OK`, `MSG`, `ERR AUTH`. */
export function words(message: Message): string {
  return message.tag === "ERR" ? `ERR ${message.error.type}` : message.tag;
}

interface QueueParts {
  readonly index: number;
  readonly recipientId: Uint8Array;
  readonly senderId: Uint8Array;
  readonly recipientKey: PrivateAuthKey;
  readonly senderKey: PrivateAuthKey;
  readonly secret: BoxKey;
  readonly ledger: Ledger;
}

/** What is to be created. */
export interface NewQueue {
  /** A number that no other queue has. */
  readonly index: number;
  readonly quota: number;
  readonly random: SeededRandom;
}

/** A queue and what must be true of it. */
export class CrashQueue {
  readonly index: number;
  readonly ledger: Ledger;
  readonly secured = new Change("secured");
  readonly off = new Change("switched off");
  readonly deleted = new Change("deleted");
  /** Told when a message has come. */
  onDelivery: (() => void) | undefined;
  readonly #parts: QueueParts;
  readonly #report: (error: unknown) => void;
  /** Delivered and not acknowledged. */
  #messageId: Uint8Array | undefined;

  private constructor(parts: QueueParts, report: (error: unknown) => void) {
    this.index = parts.index;
    this.ledger = parts.ledger;
    this.#parts = parts;
    this.#report = report;
  }

  /** `NEW`, with a subscription; `undefined` when the relay was killed. */
  static async create(
    link: Link,
    { index, quota, random }: NewQueue,
    report: (error: unknown) => void,
  ): Promise<CrashQueue | undefined> {
    const [recipient, sender] = [0, 1].map(() =>
      generateAuthKeyPair(random.below(2) === 0 ? "x25519" : "ed25519")
    );
    const keys = generateX25519();
    const answer = await link.request({
      command: {
        tag: "NEW",
        request: {
          recipientKey: recipient.publicKey,
          recipientDhKey: keys.publicKey,
          subscribe: true,
          queue: { mode: "M" },
        },
      },
      key: recipient.privateKey,
    });
    if (answer === undefined) return undefined;
    if (answer.tag !== "IDS") throw new Fault(`NEW got ${words(answer)}`);
    const { recipientId, senderId, relayDhKey } = answer.ids;
    const shared = dh(relayDhKey, keys.privateKey);
    if (shared === undefined) throw new Fault("the queue's key is unusable");
    const queue = new CrashQueue({
      index,
      recipientId: recipientId.slice(),
      senderId: senderId.slice(),
      recipientKey: recipient.privateKey,
      senderKey: sender.privateKey,
      secret: boxKey(shared),
      ledger: new Ledger(quota),
    }, report);
    link.onMessage(recipientId, (message) => queue.#receive(message));
    return queue;
  }

  /** Whether a message waits for its `ACK`. */
  get delivered(): boolean {
    return this.#messageId !== undefined;
  }

  /** Whether the queue takes messages, as far as is known. */
  get takesMessages(): boolean {
    return this.off.state === "no" && this.deleted.state === "no";
  }

  /** The relay was started anew. */
  restarted(): void {
    this.ledger.restarted();
    this.#messageId = undefined;
    this.onDelivery = undefined;
  }

  /** `SUB`: what it was answered, in words. */
  async subscribe(link: Link): Promise<string | undefined> {
    this.ledger.subscribing();
    this.#messageId = undefined;
    link.onMessage(
      this.#parts.recipientId,
      (message) => this.#receive(message),
    );
    return await this.#asRecipient(link, { tag: "SUB" });
  }

  /** `QUE`: checks what the relay says of the queue; nothing is under way. */
  async checkInfo(link: Link): Promise<void> {
    const { recipientId: entityId, recipientKey: key } = this.#parts;
    const message = await link.request({
      command: { tag: "QUE" },
      entityId,
      key,
    });
    if (message === undefined) return;
    if (message.tag !== "INFO") throw new Fault(`QUE got ${words(message)}`);
    this.secured.seen(message.info.secured);
    this.ledger.size(message.info.size);
  }

  /** `KEY` or `SKEY`; the same key again is `OK` as well. */
  async secure(link: Link, { by }: { by: "KEY" | "SKEY" }): Promise<void> {
    const { senderId, senderKey } = this.#parts;
    const key = publicAuthKey(senderKey);
    this.secured.asked();
    const answer = by === "KEY"
      ? await this.#asRecipient(link, { tag: "KEY", key })
      : await link.request({
        command: { tag: "SKEY", key },
        entityId: senderId,
        key: senderKey,
      }).then((message) => message && words(message));
    this.#changed(this.secured, by, answer);
  }

  /** `OFF`. */
  async switchOff(link: Link): Promise<void> {
    this.off.asked();
    this.#changed(
      this.off,
      "OFF",
      await this.#asRecipient(link, { tag: "OFF" }),
    );
  }

  /** `DEL`. */
  async delete(link: Link): Promise<void> {
    this.deleted.asked();
    this.#changed(
      this.deleted,
      "DEL",
      await this.#asRecipient(link, { tag: "DEL" }),
    );
  }

  /** `SEND` of the next message, recorded; the answer in words. */
  async send(link: Link, random: SeededRandom): Promise<string | undefined> {
    const { index, senderId: entityId, senderKey: key, ledger } = this.#parts;
    const number = ledger.sending();
    const small = random.below(5) < 2;
    const body = makeBody({ queue: index, number }, {
      length: random.below(small ? 300 : 16_000),
      from: random.below(1 << 30),
    });
    const answer = await link.request(
      {
        command: { tag: "SEND", notification: random.below(2) === 0, body },
        entityId,
        key,
      },
      (message) => this.#hold(() => this.#sendAnswered(number, message)),
    );
    return answer && words(answer);
  }

  /** `SEND` by somebody without the key, which a secured queue refuses. */
  async sendUnsigned(link: Link): Promise<void> {
    const answer = await link.request({
      command: { tag: "SEND", notification: false, body: new Uint8Array(50) },
      entityId: this.#parts.senderId,
    });
    if (answer !== undefined && words(answer) !== "ERR AUTH") {
      throw new Fault(`SEND without the key got ${words(answer)}`);
    }
  }

  /**
   * `ACK` of the delivered message. `OK`: no other is there; `MSG`: another
   * was delivered.
   */
  async acknowledge(link: Link): Promise<string | undefined> {
    const { recipientId: entityId, recipientKey: key, ledger } = this.#parts;
    const messageId = this.#messageId;
    if (messageId === undefined) throw new RangeError("Nothing was delivered");
    const handle = ledger.acknowledging();
    this.#messageId = undefined;
    const answer = await link.request(
      { command: { tag: "ACK", messageId }, entityId, key },
      (message) =>
        this.#hold(() => {
          if (message.tag === "OK" || message.tag === "MSG") {
            ledger.acknowledged(handle);
            if (message.tag === "MSG") this.#receive(message);
          } else if (this.deleted.state === "no") {
            throw new Fault(`ACK got ${words(message)}`);
          }
        }),
    );
    return answer && words(answer);
  }

  #sendAnswered(number: number, message: Message): void {
    const answer = words(message);
    if (answer === "OK") this.ledger.sendAnswered(number, "OK");
    else if (answer === "ERR QUOTA") this.ledger.sendAnswered(number, "QUOTA");
    else if (answer === "ERR AUTH" && !this.takesMessages) {
      this.ledger.sendAnswered(number, "AUTH");
    } else throw new Fault(`SEND got ${answer}`);
  }

  #receive(message: Message): void {
    // What the connection that was subscribed before is told.
    if (message.tag === "END" || message.tag === "DELD") return;
    this.#hold(() => {
      if (message.tag !== "MSG") {
        throw new Fault(`${words(message)} came without being asked for`);
      }
      this.ledger.delivered(this.#read(message));
      this.#messageId = message.messageId.slice();
    });
    this.onDelivery?.();
  }

  #read(message: Extract<Message, { tag: "MSG" }>): Delivered {
    const { secret, index } = this.#parts;
    const received = decryptReceivedMessage(message.body, {
      secret,
      messageId: message.messageId,
    });
    if (received === undefined) throw new Fault("a message is not readable");
    const id = toBase64(message.messageId);
    if (received.type === "quota") return { what: "quota", id };
    const name = readBody(received.body);
    if (name === undefined) throw new Fault("a message is damaged");
    if (name.queue !== index) {
      throw new Fault("a message came from another queue");
    }
    return { what: name.number, id };
  }

  #changed(change: Change, tag: string, answer: string | undefined): void {
    if (answer === "OK") change.done();
    else if (answer !== undefined && this.deleted.state === "no") {
      throw new Fault(`${tag} got ${answer}`);
    }
  }

  async #asRecipient(
    link: Link,
    command: Command,
  ): Promise<string | undefined> {
    const { recipientId: entityId, recipientKey: key } = this.#parts;
    const message = await link.request({ command, entityId, key });
    return message && words(message);
  }

  #hold(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#report(
        error instanceof Fault
          ? new Fault(`queue ${this.index}: ${error.message}`)
          : error,
      );
    }
  }
}
