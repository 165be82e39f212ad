/**
 * One client's session after the handshake: blocks in, commands executed,
 * answers out in the order of the commands once they are on disk.
 *
 * @module
 */

import { decryptBlock, unpad } from "../../crypto/mod.ts";
import { StoreError, type WriteGroup } from "../../store/store.ts";
import type { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { EMPTY } from "../../wire/mod.ts";
import type { SmpError } from "../errors.ts";
import type { SmpProxy } from "../proxy/mod.ts";
import {
  type CommandTransmission,
  decodeTransmissions,
} from "../transmission.ts";
import { BLOCK_SIZE } from "../versions.ts";
import { AnswerQueue } from "./answer_queue.ts";
import { Authorizer, type Verdict } from "./authorization.ts";
import { BlockWriter } from "./block_writer.ts";
import type { Answer, SmpContext } from "./context.ts";
import { countBatch, countRefused } from "./count_commands.ts";
import type { Outgoing, Subscriber, Subscription } from "./delivery.ts";
import { execute } from "./execute.ts";
import { executeForwarded } from "./forwarding.ts";
import type { SmpSession } from "./handshake.ts";
import { ProxiedCommands } from "./proxied_commands.ts";

/**
 * For how long a client's commands are verified before others get their turn,
 * in milliseconds. A block of 16 KB can ask for seconds of it: many signatures
 * of a queue with many keys (`RKEY`).
 */
const TURN_MS = 20;

const UNREADABLE = {
  correlationId: EMPTY,
  entityId: EMPTY,
  error: { type: "BLOCK" },
} as const;

/** A client's session. */
export class Session implements Subscriber {
  readonly subscriptions = new Map<string, Subscription>();
  readonly stalled = new Set<string>();
  readonly notifiers = new Set<string>();
  /** Counts up over all sessions. */
  readonly number: number;
  /** When the session began: milliseconds since 1970. */
  readonly startedAt: number;
  /** When the client last sent or was sent something: milliseconds since 1970. */
  lastActive: number;

  readonly #context: SmpContext;
  readonly #connection: Connection;
  readonly #session: SmpSession;
  readonly #authorizer: Authorizer;
  readonly #blocks: BlockWriter;
  readonly #proxy: SmpProxy | undefined;
  #proxied: ProxiedCommands | undefined;
  readonly #answers: AnswerQueue;
  #resuming = false;

  constructor(
    context: SmpContext,
    { connection, session, number, proxy }: {
      connection: Connection;
      number: number;
      session: SmpSession;
      /** Forwards to other relays; where it is absent nothing is. */
      proxy?: SmpProxy;
    },
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#session = session;
    this.#proxy = proxy;
    this.#authorizer = new Authorizer(context.table, session);
    this.#blocks = new BlockWriter(connection, session.params, {
      chain: session.encryption?.send,
      onBlock: () => context.statistics.blocksSent++,
    });
    this.#answers = new AnswerQueue({
      send: (outgoing) => this.#send(outgoing),
      onFlushed: () => {
        if (this.stalled.size > 0) this.#resumeWhenRead();
      },
    });
    this.number = number;
    this.startedAt = context.now();
    this.lastActive = this.startedAt;
  }

  /** Protocol version. */
  get version(): number {
    return this.#session.params.version;
  }

  /** Whether the client is a service. */
  get isService(): boolean {
    return this.#session.service !== undefined;
  }

  get open(): boolean {
    return this.#connection.open;
  }

  get hasRoom(): boolean {
    return this.#connection.buffered + this.#answers.events * BLOCK_SIZE <
      this.#context.options.outputPerConnection;
  }

  /** Whether messages or events may still come without a command. */
  get subscribed(): boolean {
    for (const { kind } of this.subscriptions.values()) {
      if (kind === "subscribed") return true;
    }
    const { recipientServices, notifierServices } = this.#context;
    return this.notifiers.size > 0 || recipientServices.isSubscribed(this) ||
      notifierServices.isSubscribed(this);
  }

  /** Serves the client until it goes away. */
  async run(blocks: BlockReader): Promise<void> {
    const { pendingPerConnection, outputPerConnection } = this.#context.options;
    try {
      for (;;) {
        const block = await blocks.next();
        if (block === undefined) return;
        this.lastActive = this.#context.now();
        this.#context.statistics.blocksReceived++;
        const transmissions = this.#open(block);
        for (
          let served = this.#serve(transmissions, 0);
          served < transmissions.length && this.open;
        ) {
          await nextTurn();
          served = this.#serve(transmissions, served);
        }
        if (this.#proxied?.full) await this.#proxied.room();
        // A client that sends more than it reads has to wait.
        while (
          this.open &&
          (this.#answers.length >= pendingPerConnection ||
            this.#answers.bytes >= outputPerConnection)
        ) {
          await this.#answers.flushed();
        }
        if (this.#connection.buffered > outputPerConnection) {
          await this.#connection.drained(outputPerConnection / 2);
        }
      }
    } finally {
      const { delivery, notifications, ends } = this.#context;
      delivery.sessionClosed(this);
      notifications.sessionClosed(this);
      this.#context.recipientServices.sessionClosed(this);
      this.#context.notifierServices.sessionClosed(this);
      ends.sessionClosed(this);
    }
  }

  /** Closes the connection; `run` ends then. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  stall(name: string): void {
    this.stalled.add(name);
    this.#resumeWhenRead();
  }

  sendEvents(events: readonly Outgoing[], group?: WriteGroup): void {
    // What was answered before and is on disk goes first; but a message comes
    // before the answer to its `SEND`, as clients of the reference know it.
    this.#answers.flush(group);
    this.#send(events);
  }

  /** What is in the block. */
  #open(block: Uint8Array): ReturnType<typeof decodeTransmissions> {
    const { encryption, params } = this.#session;
    const content = encryption === undefined
      ? unpad(block)
      : decryptBlock(encryption.receive, block);
    if (content === undefined) return [UNREADABLE];
    const transmissions = decodeTransmissions(params, content);
    countBatch(
      this.#context.counters,
      transmissions.flatMap((each) => "error" in each ? [] : [each.command]),
    );
    return transmissions;
  }

  /** Serves those from `from` on; up to where it came. */
  #serve(
    transmissions: ReturnType<typeof decodeTransmissions>,
    from: number,
  ): number {
    const end = performance.now() + TURN_MS;
    const refused = this.#answers.begin();
    const verified: [CommandTransmission, Verdict & { allowed: true }][] = [];
    let at = from;
    // All of a block is verified before any of it is executed; where that takes
    // long, all that is verified in one turn.
    do {
      const transmission = transmissions[at++];
      if ("error" in transmission) {
        refused.refuse(transmission, transmission.error);
        continue;
      }
      const verdict = this.#verify(() => this.#authorizer.check(transmission));
      if (verdict.allowed) verified.push([transmission, verdict]);
      else {
        const { counters } = this.#context;
        countRefused(counters, transmission.command, verdict.error);
        refused.refuse(transmission, verdict.error);
      }
    } while (at < transmissions.length && performance.now() < end);
    refused.push();
    const answers = this.#answers.begin();
    for (const [transmission, { queue }] of verified) {
      const answer = this.#execute(transmission, queue);
      if (answer !== undefined) answers.add(transmission, answer);
    }
    answers.push();
    return at;
  }

  #verify(check: () => Verdict): Verdict {
    try {
      return check();
    } catch (error) {
      this.#context.onError(error);
      return { allowed: false, error: { type: "INTERNAL" } };
    }
  }

  #execute(
    transmission: CommandTransmission,
    queue: (Verdict & { allowed: true })["queue"],
  ): Answer | undefined {
    try {
      const { command, correlationId } = transmission;
      if (
        this.#proxy !== undefined &&
        (command.tag === "PRXY" || command.tag === "PFWD")
      ) {
        const proxied = this.#proxied ??= this.#proxiedCommands(this.#proxy);
        const message = proxied.execute(command, transmission);
        return message && { message };
      }
      if (command.tag === "RFWD") {
        return executeForwarded(
          { transmission: command.transmission, correlationId },
          { session: this.#session, run: this.#runForwarded },
        );
      }
      const { service, params: { version } } = this.#session;
      return execute(this.#context, this, {
        transmission,
        queue,
        version,
        service,
      });
    } catch (error) {
      this.#context.onError(error);
      return { message: { tag: "ERR", error: failure(error) } };
    }
  }

  #proxiedCommands(proxy: SmpProxy): ProxiedCommands {
    const commands = new ProxiedCommands({
      proxy,
      respond: (answer) => this.#send([answer]),
      onError: this.#context.onError,
    });
    const close = () => commands.close();
    this.#connection.closed.addEventListener("abort", close, { once: true });
    return commands;
  }

  #runForwarded = (
    transmission: CommandTransmission,
    { version }: { version: number },
  ): Answer => {
    this.#context.counters.add("pMsgFwdsRecv");
    const verdict = this.#verify(() =>
      this.#authorizer.checkForwarded(transmission)
    );
    if (!verdict.allowed) {
      return { message: { tag: "ERR", error: verdict.error } };
    }
    const { queue } = verdict;
    return execute(this.#context, this, { transmission, queue, version });
  };

  /** Never throws: timers and the store call it, where nobody would catch it. */
  #send(outgoing: readonly Outgoing[]): void {
    if (!this.open || outgoing.length === 0) return;
    try {
      this.#blocks.send(outgoing);
      this.lastActive = this.#context.now();
    } catch (error) {
      this.#context.onError(error);
      this.#connection.abort();
    }
  }

  #resumeWhenRead(): void {
    if (this.#resuming) return;
    this.#resuming = true;
    const half = this.#context.options.outputPerConnection / 2;
    this.#connection.drained(half).then(() => {
      this.#resuming = false;
      if (!this.open) return;
      this.#context.delivery.resume(this);
      // Where it is answers waiting for the disk that take the room, the flush
      // after them goes on: to try again now would be to try for ever.
      const unread = this.#connection.buffered > half;
      if (this.stalled.size > 0 && unread) this.#resumeWhenRead();
    });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function failure(error: unknown): SmpError {
  return error instanceof StoreError
    ? { type: "STORE", message: "not readable" }
    : { type: "INTERNAL" };
}
