/**
 * A client's connection to the relay that will be killed.
 *
 * @module
 */

import {
  type ClientRequest,
  type Message,
  SmpClient,
  SmpClientError,
  supportedVersions,
} from "../../relay/smp/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { bytesKey } from "../../relay/wire/mod.ts";
import type { RunningChild } from "./child.ts";
import { Fault } from "./fault.ts";

/** A connection; what comes for a queue goes to whoever subscribed to it. */
export class Link {
  readonly #subscribers = new Map<string, (message: Message) => void>();
  #client: SmpClient | undefined;

  /**
   * Connects.
   *
   * @throws {SmpClientError} `closed` when the relay is killed meanwhile
   */
  static async connect(relay: RunningChild): Promise<Link> {
    const link = new Link();
    const connection = await dialTls("127.0.0.1", relay.port, {
      alpn: ["smp/1"],
    });
    link.#client = await SmpClient.start(connection, {
      fingerprint: relay.fingerprint,
      versions: supportedVersions,
      onEvent: ({ entityId, message }) =>
        link.#subscribers.get(bytesKey(entityId))?.(message),
    });
    return link;
  }

  /** Whether the relay is still there. */
  get open(): boolean {
    return this.#client?.open ?? false;
  }

  /** Events of the queue with this ID go to `receive`. */
  onMessage(
    recipientId: Uint8Array,
    receive: (message: Message) => void,
  ): void {
    this.#subscribers.set(bytesKey(recipientId), receive);
  }

  /**
   * Sends a command. `answered` is called with the response before anything
   * else that the relay sends is looked at. Resolves with the response, or
   * with `undefined` when the relay was killed.
   *
   * @throws {Fault} when a relay that is alive does not answer
   */
  async request(
    request: ClientRequest,
    answered?: (message: Message) => void,
  ): Promise<Message | undefined> {
    if (this.#client === undefined) throw new Error("not connected");
    const [response] = this.#client.requestAll([request]);
    try {
      return await response.then(({ message }) => {
        answered?.(message);
        return message;
      });
    } catch (error) {
      if (!(error instanceof SmpClientError)) throw error;
      if (error.code === "closed") return undefined;
      throw new Fault(`${request.command.tag} was not answered`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}
