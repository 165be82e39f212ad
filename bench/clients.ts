/**
 * Clients for the benchmark: pairs of a sender and a recipient on one queue.
 *
 * @module
 */

import {
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
} from "../relay/crypto/mod.ts";
import {
  type ClientRequest,
  type Message,
  ProxiedRelay,
  type Received,
  SmpClient,
  supportedVersions,
} from "../relay/smp/mod.ts";
import { dialTls } from "../relay/transport/mod.ts";
import type { Target } from "./target.ts";

/** Size of a message as SimpleX apps send them, in bytes. */
export const MESSAGE_SIZE = 16_000;

/** Connects a client to the target. */
export async function connect(
  target: Pick<Target, "port" | "fingerprint">,
  onEvent?: (event: Received) => void,
): Promise<SmpClient> {
  const connection = await dialTls("127.0.0.1", target.port, {
    alpn: ["smp/1"],
  });
  return await SmpClient.start(connection, {
    fingerprint: target.fingerprint,
    versions: supportedVersions,
    onEvent,
    timeoutMs: 60_000,
  });
}

/** A secured queue with its two ends on two connections. */
export class Pair implements AsyncDisposable {
  readonly #recipient: SmpClient;
  readonly #sender: SmpClient;
  readonly #far: ProxiedRelay | undefined;
  readonly #recipientKey: PrivateAuthKey;
  readonly #senderKey: PrivateAuthKey;
  readonly #recipientId: Uint8Array;
  readonly #senderId: Uint8Array;
  readonly #body = new Uint8Array(MESSAGE_SIZE).fill(0x61);
  #arrived: ((message: Message) => void) | undefined;

  private constructor(parts: {
    recipient: SmpClient;
    sender: SmpClient;
    far: ProxiedRelay | undefined;
    recipientKey: PrivateAuthKey;
    senderKey: PrivateAuthKey;
    recipientId: Uint8Array;
    senderId: Uint8Array;
  }) {
    this.#recipient = parts.recipient;
    this.#sender = parts.sender;
    this.#far = parts.far;
    this.#recipientKey = parts.recipientKey;
    this.#senderKey = parts.senderKey;
    this.#recipientId = parts.recipientId;
    this.#senderId = parts.senderId;
  }

  /**
   * Connects both ends, creates the queue and secures it. With `proxy` the
   * sender is a client of that relay, which forwards to `target`.
   */
  static async create(
    target: Target,
    { proxy }: { proxy?: Target } = {},
  ): Promise<Pair> {
    const made: { pair?: Pair } = {};
    const recipient = await connect(target, (event) => {
      const { pair } = made;
      if (event.message.tag === "MSG" && pair !== undefined) {
        pair.#arrived?.(event.message);
      }
    });
    const sender = await connect(proxy ?? target);
    const far = proxy && await ProxiedRelay.open(sender, {
      relay: {
        hosts: ["127.0.0.1"],
        port: String(target.port),
        fingerprint: target.fingerprint,
      },
    });
    const keys = generateAuthKeyPair("x25519");
    const senderKeys = generateAuthKeyPair("x25519");
    const dhKeys = generateX25519();
    const answer = await recipient.request({
      command: {
        tag: "NEW",
        request: {
          recipientKey: keys.publicKey,
          recipientDhKey: dhKeys.publicKey,
          subscribe: true,
          queue: { mode: "M" },
        },
      },
      key: keys.privateKey,
    });
    if (answer.tag !== "IDS" || !dh(answer.ids.relayDhKey, dhKeys.privateKey)) {
      throw new Error(`NEW was answered by ${answer.tag}`);
    }
    const { recipientId, senderId } = answer.ids;
    const secured = await (far ?? sender).request({
      command: { tag: "SKEY", key: senderKeys.publicKey },
      entityId: senderId,
      key: senderKeys.privateKey,
    });
    if (secured.tag !== "OK") throw new Error("SKEY was not answered by OK");
    made.pair = new Pair({
      recipient,
      sender,
      far,
      recipientId,
      senderId,
      recipientKey: keys.privateKey,
      senderKey: senderKeys.privateKey,
    });
    return made.pair;
  }

  /** Sends a message, receives and acknowledges it: time to `MSG` in ms. */
  async relay(): Promise<number> {
    const began = performance.now();
    let delivered = 0;
    const arrival = new Promise<Message>((resolve) => {
      this.#arrived = (message) => {
        delivered = performance.now() - began;
        resolve(message);
      };
    });
    const send: Omit<ClientRequest, "correlationId"> = {
      command: { tag: "SEND", notification: false, body: this.#body },
      entityId: this.#senderId,
      key: this.#senderKey,
    };
    const sent = (this.#far ?? this.#sender).request(send);
    const message = await arrival;
    if (message.tag !== "MSG") throw new Error("No message");
    const acknowledged = this.#recipient.request({
      command: { tag: "ACK", messageId: message.messageId },
      entityId: this.#recipientId,
      key: this.#recipientKey,
    });
    const answers = await Promise.all([sent, acknowledged]);
    if (answers.some(({ tag }) => tag !== "OK")) {
      throw new Error(`Expected OK: ${JSON.stringify(answers)}`);
    }
    return delivered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#recipient.close(), this.#sender.close()]);
  }
}

/** `count` pairs, made a few at a time. */
export async function createPairs(
  target: Target,
  count: number,
  options: { proxy?: Target } = {},
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  while (pairs.length < count) {
    const batch = Math.min(10, count - pairs.length);
    pairs.push(
      ...await Promise.all(
        Array.from({ length: batch }, () => Pair.create(target, options)),
      ),
    );
  }
  return pairs;
}
