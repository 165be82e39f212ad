/**
 * The relays of a transfer: one connection to each, made when it is needed and
 * again when it broke.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import type { RelayAddress } from "../../smp/commands.ts";
import { bytesKey } from "../../wire/mod.ts";
import {
  dialXftp,
  type DialXftpOptions,
  type XftpClient,
  XftpClientError,
} from "../client/mod.ts";

/** Attempts at one request. */
const ATTEMPTS = 5;
/** Wait before the second attempt, in milliseconds; doubles each time. */
const FIRST_WAIT_MS = 500;

/** How relays are reached, and how stubbornly. */
export interface RelaysOptions extends DialXftpOptions {
  /** Attempts at one request, 5 unless given. */
  readonly attempts?: number;
  /** Called before another attempt, with what went wrong. */
  readonly onRetry?: (relay: RelayAddress, error: Error) => void;
}

/** Clients by relay. */
export class Relays implements AsyncDisposable {
  readonly #clients = new Map<string, Promise<XftpClient>>();
  readonly #options: RelaysOptions;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;

  constructor(options: RelaysOptions = {}) {
    this.#options = options;
    const { signal } = this.#closing;
    this.#signal = options.signal === undefined
      ? signal
      : AbortSignal.any([options.signal, signal]);
    // What is under way fails with its connection.
    this.#signal.addEventListener("abort", () => void this.#closeAll(), {
      once: true,
    });
  }

  /**
   * Does something with the relay, again after a while if it fails in a way
   * that may pass.
   *
   * @throws {XftpClientError} what the last attempt threw
   * @throws the reason of `signal`, also when the relays are disposed of
   */
  async use<T>(
    relay: RelayAddress,
    run: (client: XftpClient) => Promise<T>,
  ): Promise<T> {
    const { attempts = ATTEMPTS, onRetry } = this.#options;
    const signal = this.#signal;
    for (let attempt = 1;; attempt++) {
      signal?.throwIfAborted();
      let client: XftpClient | undefined;
      try {
        client = await this.#client(relay);
        return await run(client);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof XftpClientError)) throw error;
        // A connection on which something got stuck is not used again.
        if (error.code === "timeout") void client?.close();
        if (!error.temporary || attempt >= attempts) throw error;
        onRetry?.(relay, error);
      }
      await delay(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }

  /** Closes all connections; what is under way fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    await Promise.allSettled(
      [...this.#clients.values()].map(async (client) =>
        await (await client).close()
      ),
    );
  }

  async #client(relay: RelayAddress): Promise<XftpClient> {
    const name = `${bytesKey(relay.fingerprint)}${relay.hosts}:${relay.port}`;
    const known = this.#clients.get(name);
    if (known !== undefined) {
      const client = await known.catch(() => undefined);
      if (client?.open) return client;
      // Somebody else may have been faster to replace it.
      if (this.#clients.get(name) === known) this.#clients.delete(name);
      return await this.#client(relay);
    }
    const dialled = dialXftp(relay, {
      ...this.#options,
      signal: this.#signal,
    });
    this.#clients.set(name, dialled);
    return await dialled;
  }
}
