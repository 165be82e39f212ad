/**
 * `PRXY` and `PFWD`: forwarding for clients whose address the destination is
 * not to see (simplexmq 6.5.5, `processProxiedCmd` in
 * `Simplex.Messaging.Server`).
 *
 * @module
 */

import type { CounterName, Counters } from "../../stats/mod.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { Command, RelayAddress } from "../commands.ts";
import type { Message } from "../messages.ts";
import { brokerError, type Destination, proxyError } from "./destination.ts";
import { DestinationError } from "./destination_error.ts";
import { Destinations } from "./destinations.ts";
import type { ProxyOptions } from "./options.ts";
import { Places } from "./places.ts";

/** Messages of all clients that are held at a time: 16 KB each. */
const MAX_FORWARDED = 4096;

/** Commands that this module executes. */
export type ProxyCommand = Extract<Command, { tag: "PRXY" | "PFWD" }>;

/** What is counted of sessions (`pRelays`) and messages (`pMsgFwds`). */
type Outcome =
  | "Requests"
  | "Successes"
  | "ErrorsConnect"
  | "ErrorsCompat"
  | "ErrorsOther";

/** Forwards commands to other relays. */
export class SmpProxy implements AsyncDisposable {
  readonly #options: ProxyOptions;
  readonly #counters: Counters;
  readonly #destinations: Destinations;
  readonly #places = new Places(MAX_FORWARDED);

  constructor(options: ProxyOptions, counters: Counters) {
    this.#options = options;
    this.#counters = counters;
    this.#destinations = new Destinations(options);
  }

  /** Commands of one client that may be under way at a time. */
  get clientConcurrency(): number {
    return this.#options.clientConcurrency;
  }

  /** What the proxy is doing now. */
  get status(): { readonly destinations: number; readonly forwarding: number } {
    return {
      destinations: this.#destinations.size,
      forwarding: this.#places.taken,
    };
  }

  /**
   * The answer, or the work that leads to one: call it while the block of the
   * command is still there; it never rejects for what a peer does.
   */
  execute(
    command: ProxyCommand,
    { correlationId, entityId }: {
      readonly correlationId: Uint8Array;
      readonly entityId: Uint8Array;
    },
  ): Message | (() => Promise<Message>) {
    return command.tag === "PRXY"
      ? this.#openSession(command)
      : this.#forward(command, { correlationId, sessionId: entityId });
  }

  /** Closes the connections to other relays. */
  stop(): Promise<void> {
    return this.#destinations.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #openSession(
    { relay, basicAuth }: ProxyCommand & { tag: "PRXY" },
  ): Message | (() => Promise<Message>) {
    const { enabled, password, ownPassword } = this.#options;
    const allowed = enabled && (password === undefined ||
      [password, ownPassword].some((each) =>
        each !== undefined && basicAuth !== undefined &&
        equalBytes(basicAuth, each)
      ));
    if (!allowed) return proxyError({ type: "BASIC_AUTH" });
    const ready = this.#destinations.ready(relay);
    if (ready !== undefined) return this.#describe(relay, ready);
    return async () => {
      const result = await this.#destinations.connect(relay).catch(asResult);
      return this.#describe(relay, result);
    };
  }

  #describe(
    relay: RelayAddress,
    result: Destination | DestinationError,
  ): Message {
    const own = this.#destinations.isOwn(relay);
    this.#count("pRelays", "Requests", own);
    if (result instanceof DestinationError) {
      const { broker } = result;
      const temporary = broker.type === "NETWORK" || broker.type === "TIMEOUT";
      this.#count("pRelays", temporary ? "ErrorsConnect" : "ErrorsOther", own);
      return brokerError(broker);
    }
    const message = result.describe();
    const good = message.tag === "PKEY";
    this.#count("pRelays", good ? "Successes" : "ErrorsCompat", own);
    return message;
  }

  #forward(
    { version, key, transmission }: ProxyCommand & { tag: "PFWD" },
    { correlationId, sessionId }: {
      readonly correlationId: Uint8Array;
      readonly sessionId: Uint8Array;
    },
  ): Message | (() => Promise<Message>) {
    const destination = this.#destinations.find(sessionId);
    if (destination === undefined) {
      this.#count("pMsgFwds", "Requests", false);
      this.#count("pMsgFwds", "ErrorsConnect", false);
      return proxyError({ type: "NO_SESSION" });
    }
    const { own } = destination;
    this.#count("pMsgFwds", "Requests", own);
    if (!destination.canForward) {
      this.#count("pMsgFwds", "ErrorsCompat", own);
      return brokerError({ type: "TRANSPORT", error: { type: "VERSION" } });
    }
    return async () => {
      if (!this.#places.take()) {
        this.#count("pMsgFwds", "ErrorsOther", own);
        return brokerError({ type: "TIMEOUT" });
      }
      try {
        const box = transmission;
        const forwarded = { correlationId, version, key, box };
        const message = await destination.forward(forwarded);
        this.#count("pMsgFwds", outcomeOf(message), own);
        return message;
      } finally {
        this.#places.give();
      }
    };
  }

  #count(
    what: "pRelays" | "pMsgFwds",
    outcome: Outcome,
    own: boolean,
  ): void {
    this.#counters.add(`${what}_p${outcome}` satisfies CounterName);
    if (own) this.#counters.add(`${what}Own_p${outcome}` satisfies CounterName);
  }
}

function asResult(error: unknown): DestinationError {
  if (error instanceof DestinationError) return error;
  throw error;
}

/** An error that the destination answered is a message that was forwarded. */
function outcomeOf(message: Message): Outcome {
  if (message.tag === "PRES") return "Successes";
  if (message.tag !== "ERR" || message.error.type !== "PROXY") {
    return "ErrorsOther";
  }
  switch (message.error.error.type) {
    case "PROTOCOL":
      return "Successes";
    case "NO_SESSION":
      return "ErrorsConnect";
    default:
      return "ErrorsOther";
  }
}
