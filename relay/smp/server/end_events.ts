/**
 * `END`, `DELD` and `ENDS`: what a session is told when its subscription went
 * to another one or its queue was deleted. Events of many queues share blocks,
 * so they wait a little (simplexmq 6.5.5, `sendPendingEvtsThread` in
 * `Simplex.Messaging.Server`).
 *
 * @module
 */

import type { Counters } from "../../stats/mod.ts";
import { EMPTY } from "../../wire/mod.ts";
import type { Outgoing, Subscriber } from "./delivery.ts";

/** Most events that fit in a block, for statistics. */
const EVENTS_IN_BLOCK = 255;

/** An end of a subscription. */
export type EndMessage =
  | { readonly tag: "END" | "DELD" }
  | { readonly tag: "ENDS"; readonly count: number };

/** Events that wait to be sent together. */
export class EndEvents {
  readonly #delayMs: number;
  readonly #counters: Counters;
  readonly #waiting = new Map<Subscriber, Outgoing[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `delayMs`: how long events gather. */
  constructor(delayMs: number, counters: Counters) {
    this.#delayMs = delayMs;
    this.#counters = counters;
  }

  /** Tells `session` later; `entityId` is a queue's or a service's. */
  add(
    session: Subscriber,
    { entityId, message }: {
      readonly entityId: Uint8Array;
      readonly message: EndMessage;
    },
  ): void {
    const event = { correlationId: EMPTY, entityId, message };
    const events = this.#waiting.get(session);
    if (events === undefined) this.#waiting.set(session, [event]);
    else events.push(event);
    this.#timer ??= setTimeout(() => this.#send(), this.#delayMs);
  }

  /** Forgets a session that was closed. */
  sessionClosed(session: Subscriber): void {
    this.#waiting.delete(session);
  }

  /** Drops what waits, and stops the timer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #send(): void {
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [session, events] of waiting) {
      if (!session.open) continue;
      session.sendEvents(events);
      this.#counters.add("qSubEnd", events.length);
      const blocks = Math.floor(events.length / EVENTS_IN_BLOCK) + 1;
      this.#counters.add("qSubEndB", blocks);
    }
  }
}
