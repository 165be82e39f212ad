/**
 * The SMP server: sessions over connections, and what it does by the clock.
 *
 * @module
 */

import type { Identity } from "../../identity/mod.ts";
import {
  type Counters,
  type ServerGauges,
  Statistics,
} from "../../stats/mod.ts";
import type { Store } from "../../store/store.ts";
import { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { type ProxyOptions, SmpProxy } from "../proxy/mod.ts";
import type { BlockingInfo } from "../errors.ts";
import { QueueTable } from "../queues/mod.ts";
import { BLOCK_SIZE } from "../versions.ts";
import type { SmpContext, SmpOptions } from "./context.ts";
import { Delivery } from "./delivery.ts";
import { EndEvents } from "./end_events.ts";
import { expireMessages } from "./expiry.ts";
import { serverHandshake, type SmpSession } from "./handshake.ts";
import { type CountStored, Limits } from "./limits.ts";
import { Notifications } from "./notifications.ts";
import {
  type ClientOverview,
  clientOverviews,
  serverGauges,
} from "./overview.ts";
import {
  blockQueue,
  deleteQueue,
  type QueueOverview,
  queueOverview,
  type StatusChange,
  unblockQueue,
} from "./queue_control.ts";
import { ServiceSubscriptions } from "./service_subscriptions.ts";
import { Services } from "./services.ts";
import { Session } from "./session.ts";

/** Parts that the server stands on. */
export interface SmpServerParts {
  readonly identity: Identity;
  readonly store: Store;
  readonly options: SmpOptions;
  /** How to forward to other relays; nothing is when absent. */
  readonly proxy?: ProxyOptions;
  /** Where to count; new ones when absent. */
  readonly statistics?: Statistics;
  /** What is stored, to hold limits against; the store's when absent. */
  readonly stored?: CountStored;
  /** Told of errors that only the owner can mend. */
  readonly onError: (error: unknown) => void;
  /** Clock: milliseconds since 1970. */
  readonly now?: () => number;
}

/** What services of one role are doing now. */
export interface ServiceStatus {
  /** Services with a subscribed session. */
  readonly services: number;
  /** Queues that they are subscribed to. */
  readonly queues: number;
}

/** What the server is doing now. */
export interface SmpStatus {
  /** Clients that finished the handshake. */
  readonly sessions: number;
  /** Queues that a client is subscribed to. */
  readonly subscriptions: number;
  /** Notifiers that a client which is no service is subscribed to. */
  readonly notifierSubscriptions: number;
  /** Subscriptions of messaging services. */
  readonly services: ServiceStatus;
  /** Subscriptions of notifier services. */
  readonly notifierServices: ServiceStatus;
  /** Queues in memory. */
  readonly loadedQueues: number;
  /** Other relays that messages are forwarded to. */
  readonly destinations: number;
  /** Messages that are being forwarded. */
  readonly forwarding: number;
}

/** Serves SMP over connections that are given to `serve`. */
export class SmpServer implements AsyncDisposable {
  readonly statistics: Statistics;
  readonly #parts: SmpServerParts;
  readonly #context: SmpContext;
  readonly #proxy: SmpProxy | undefined;
  readonly #sessions = new Set<Session>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #lastNumber = 0;
  #expiring: Promise<void> | undefined;
  #expiringNotifications: Promise<void> | undefined;

  constructor(parts: SmpServerParts) {
    this.#parts = parts;
    const { store, options, onError, now = Date.now } = parts;
    this.statistics = parts.statistics ?? new Statistics(now());
    const table = new QueueTable(store, {
      messagesPerQueue: options.messagesPerQueue,
    });
    const ends = new EndEvents(options.endDelayMs, this.counters);
    const notifierServices = new ServiceSubscriptions(ends);
    const services = new Services(store);
    this.#context = {
      options,
      table,
      delivery: new Delivery(table, { ends, onError }),
      ends,
      services,
      recipientServices: new ServiceSubscriptions(ends),
      notifierServices,
      notifications: new Notifications({
        store,
        table,
        services: notifierServices,
        ends,
        counters: this.counters,
        intervalMs: options.notificationIntervalMs,
        onError,
      }),
      limits: new Limits(options.limits ?? {}, {
        count: parts.stored ?? (() => store.counts()),
        now,
      }),
      statistics: this.statistics,
      counters: this.counters,
      store,
      now,
      onError,
    };
    this.#proxy = parts.proxy && new SmpProxy(parts.proxy, this.counters);
    store.onFailure = (error) => {
      // Memory is ahead of the disk now: forget it, and read the disk again.
      table.clear();
      services.clear();
      onError(error);
    };
  }

  /** Deletes old messages if the options say so, and starts the clocks. */
  async start(): Promise<void> {
    const { options } = this.#parts;
    if (options.expireOnStart) await this.#expire();
    await this.#expireNotifications();
    this.#every(
      options.notificationExpiryCheckMs,
      () => this.#expireNotificationsAgain(),
    );
    if (options.messageTtlSeconds !== undefined) {
      this.#every(options.messageExpiryCheckMs, () => this.#expireAgain());
    }
    const { inactiveAfterMs } = options;
    if (inactiveAfterMs !== undefined) {
      this.#every(
        options.inactiveCheckMs,
        () => this.#closeInactive(inactiveAfterMs),
      );
    }
  }

  /** What the server is doing now. */
  get status(): SmpStatus {
    return {
      sessions: this.#sessions.size,
      subscriptions: this.#context.delivery.size,
      notifierSubscriptions: this.#context.notifications.subscriptions,
      services: serviceStatus(this.#context.recipientServices),
      notifierServices: serviceStatus(this.#context.notifierServices),
      loadedQueues: this.#context.table.loaded,
      ...this.#proxy?.status ?? { destinations: 0, forwarding: 0 },
    };
  }

  /** Counters of the statistics. */
  get counters(): Counters {
    return this.statistics.counters;
  }

  /** See {@link serverGauges}. */
  gauges(): ServerGauges {
    return serverGauges(this.#context, this.#sessions);
  }

  /** See {@link clientOverviews}. */
  clients(): ClientOverview[] {
    return clientOverviews(this.#context, this.#sessions);
  }

  /** See {@link queueOverview}. */
  queueStatus(id: Uint8Array): QueueOverview | undefined {
    return queueOverview(this.#context, id);
  }

  /** See {@link blockQueue}. */
  blockQueue(
    id: Uint8Array,
    info: BlockingInfo,
  ): Promise<StatusChange | undefined> {
    return blockQueue(this.#context, id, info);
  }

  /** See {@link unblockQueue}. */
  unblockQueue(id: Uint8Array): Promise<StatusChange | undefined> {
    return unblockQueue(this.#context, id);
  }

  /** See {@link deleteQueue}. */
  deleteQueue(
    id: Uint8Array,
  ): Promise<{ readonly messages: number } | undefined> {
    return deleteQueue(this.#context, id);
  }

  /** Serves a connection until it closes; closes it in any case. */
  async serve(connection: Connection): Promise<void> {
    const serving = this.#serve(connection).catch((error) => {
      // A broken connection is the peer's affair; anything else is ours.
      if (connection.open) this.#parts.onError(error);
    }).finally(() => connection.close());
    this.#running.add(serving);
    await serving;
    this.#running.delete(serving);
  }

  /** Closes all sessions and waits for them. The store is not stopped. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#context.ends.stop();
    await this.#context.notifications.stop();
    // Answers that wait for the disk still go out.
    await this.#parts.store.flush();
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await Promise.all(this.#running);
    await this.#proxy?.stop();
    await this.#expiring;
    await this.#expiringNotifications;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(connection: Connection): Promise<void> {
    const blocks = new BlockReader(connection, BLOCK_SIZE);
    const agreed = await this.#handshake(connection, blocks);
    if (agreed === undefined) return;
    const session = new Session(this.#context, {
      connection,
      session: agreed,
      proxy: this.#proxy,
      number: ++this.#lastNumber,
    });
    this.#sessions.add(session);
    try {
      if (!this.#stopped.signal.aborted) await session.run(blocks);
    } finally {
      this.#sessions.delete(session);
      const { service } = agreed;
      if (service !== undefined) this.#context.services.release(service.id);
    }
  }

  /** A function of its own, so that what it needs is gone in an idle session. */
  async #handshake(
    connection: Connection,
    blocks: BlockReader,
  ): Promise<SmpSession | undefined> {
    if (this.#stopped.signal.aborted) return undefined;
    const { identity, options } = this.#parts;
    const abort = () => connection.abort();
    const deadline = setTimeout(abort, options.handshakeTimeoutMs);
    this.#stopped.signal.addEventListener("abort", abort);
    try {
      return await serverHandshake(connection, blocks, {
        identity,
        versions: options.versions,
        services: this.#context.services,
      });
    } finally {
      clearTimeout(deadline);
      this.#stopped.signal.removeEventListener("abort", abort);
    }
  }

  #every(interval: number, action: () => void): void {
    this.#timers.push(setInterval(action, interval));
  }

  #expireAgain(): void {
    this.#expiring ??= this.#expire().catch(this.#parts.onError).finally(() => {
      this.#expiring = undefined;
    });
  }

  async #expire(): Promise<void> {
    const { messageTtlSeconds } = this.#parts.options;
    if (messageTtlSeconds === undefined) return;
    const now = Math.floor(this.#context.now() / 1000);
    const expired = await expireMessages(
      { store: this.#parts.store, table: this.#context.table },
      { before: now - messageTtlSeconds, signal: this.#stopped.signal },
    );
    this.counters.add("msgExpired", expired);
  }

  #expireNotificationsAgain(): void {
    this.#expiringNotifications ??= this.#expireNotifications().catch(
      this.#parts.onError,
    ).finally(() => this.#expiringNotifications = undefined);
  }

  async #expireNotifications(): Promise<void> {
    const now = Math.floor(this.#context.now() / 1000);
    await this.#context.notifications.expire(
      now - this.#parts.options.notificationTtlSeconds,
      this.#stopped.signal,
    );
  }

  #closeInactive(inactiveAfterMs: number): void {
    const before = this.#context.now() - inactiveAfterMs;
    for (const session of this.#sessions) {
      if (session.lastActive < before && !session.subscribed) session.close();
    }
  }
}

function serviceStatus(
  { services, queues }: ServiceSubscriptions,
): ServiceStatus {
  return { services, queues };
}
