/**
 * Commands of one client that are forwarded to other relays: they run beside
 * its other commands, so many at a time, and are answered when they are done
 * (simplexmq 6.5.5, `forkProxiedCmd` in `Simplex.Messaging.Server`).
 *
 * @module
 */

import type { Message } from "../messages.ts";
import { Places, type ProxyCommand, type SmpProxy } from "../proxy/mod.ts";
import type { Outgoing } from "./delivery.ts";

/** What the commands need of their session. */
export interface ProxiedCommandsOptions {
  readonly proxy: SmpProxy;
  /** Sends an answer that comes later. */
  readonly respond: (answer: Outgoing) => void;
  /** Told of what should not happen; the client is told `INTERNAL`. */
  readonly onError: (error: unknown) => void;
}

/** Forwarded commands of one session. */
export class ProxiedCommands {
  readonly #options: ProxiedCommandsOptions;
  readonly #places: Places;

  constructor(options: ProxiedCommandsOptions) {
    this.#options = options;
    this.#places = new Places(options.proxy.clientConcurrency);
  }

  /**
   * Whether commands wait for their turn. They still stand in the block that
   * brought them, so no other block may be read before {@link room}.
   */
  get full(): boolean {
    return this.#places.waiting > 0;
  }

  /** Resolves when all commands have begun, or the session is closed. */
  room(): Promise<void> {
    return this.#places.emptied();
  }

  /** The answer, if there is one at once; otherwise it comes later. */
  execute(
    command: ProxyCommand,
    ids: Pick<Outgoing, "correlationId" | "entityId">,
  ): Message | undefined {
    const result = this.#options.proxy.execute(command, ids);
    if (typeof result !== "function") return result;
    if (this.#places.take()) {
      this.#run(result, ids);
    } else {
      this.#places.wait().then((got) => {
        if (got) this.#run(result, ids);
      });
    }
    return undefined;
  }

  /** What waits is dropped: the client has gone. */
  close(): void {
    this.#places.close();
  }

  async #run(
    work: () => Promise<Message>,
    ids: Pick<Outgoing, "correlationId" | "entityId">,
  ): Promise<void> {
    // They are views of a block that is gone when the answer comes.
    const correlationId = ids.correlationId.slice();
    const entityId = ids.entityId.slice();
    const { respond, onError } = this.#options;
    try {
      const message = await work();
      respond({ correlationId, entityId, message });
    } catch (error) {
      onError(error);
      const message: Message = { tag: "ERR", error: { type: "INTERNAL" } };
      respond({ correlationId, entityId, message });
    } finally {
      this.#places.give();
    }
  }
}
