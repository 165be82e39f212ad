/**
 * One link from home to a core: dialled, greeted, used, lost.
 *
 * @module
 */

import type { CallbackOutcome } from "../../callback/mod.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { Link, MuxError, type MuxStream } from "../mux/mod.ts";
import {
  type CoreMessage,
  decodeCoreMessage,
  decodeVisitor,
  type HomeMessage,
  MessageError,
  MessageStream,
  type RefusalReason,
  type Visitor,
  VISITOR_SIZE,
} from "../protocol/mod.ts";

/** Time for the core's first answer, ms. */
const WELCOME_MS = 15_000;
/** Time for an answer; the core may have to call back first. */
const ANSWER_MS = 30_000;
/** Time in which a visitor has to be announced, ms. */
const VISITOR_MS = 15_000;
/** Questions without an answer so far. */
const MAX_QUESTIONS = 16;

/** The core does not take this relay. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly reason: RefusalReason;
  /** When to try again; `undefined`: not without a change. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: Extract<CoreMessage, { type: "refused" }>,
  ) {
    super(message.message);
    this.reason = message.reason;
    this.retryAfterSeconds = message.retryAfterSeconds;
  }
}

/** The core's first answer. */
export type Welcome = Extract<CoreMessage, { type: "welcome" }>;

/** Where the core found the relay, and where its name points. */
export interface ReachAnswer {
  readonly outcome: CallbackOutcome;
  readonly name: "home" | "core";
}

/** What a link hands on. */
export interface CoreLinkOptions {
  readonly hello: Extract<HomeMessage, { type: "hello" }>;
  /** Serves a visitor; must not throw. */
  readonly onVisitor: (stream: MuxStream, visitor: Visitor) => void;
  /** Breaks the greeting off. */
  readonly signal: AbortSignal;
  readonly pingMs?: number;
  readonly deadMs?: number;
}

/** A link that the core has welcomed. */
export class CoreLink {
  readonly welcome: Welcome;
  /** Settles when the link is over. Never rejects. */
  readonly ended: Promise<void>;
  readonly #link: Link;
  readonly #messages: MessageStream;
  readonly #questions = new Map<
    number,
    (answer: CoreMessage | undefined) => void
  >();
  #lastId = 0;
  #draining = false;
  #refusal: RefusedError | undefined;

  private constructor(
    parts: { link: Link; messages: MessageStream; welcome: Welcome },
  ) {
    this.#link = parts.link;
    this.#messages = parts.messages;
    this.welcome = parts.welcome;
    this.ended = this.#run();
  }

  /**
   * Greets the core over a connection, which the link owns from now on.
   *
   * @throws {RefusedError} when the core does not want this relay
   * @throws {MuxError | MessageError} when the link breaks, or is none
   */
  static async open(
    connection: Connection,
    { hello, onVisitor, signal, pingMs, deadMs }: CoreLinkOptions,
  ): Promise<CoreLink> {
    const link = new Link(connection, {
      role: "client",
      pingMs,
      deadMs,
      onStream: (stream) => void receiveVisitor(stream, onVisitor),
    });
    const abort = () => link.abort();
    const timer = setTimeout(abort, WELCOME_MS);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      const messages = new MessageStream(link.openStream());
      await messages.send(hello);
      const json = await messages.receive();
      if (json === undefined) {
        throw new MessageError("The core closed the link without a word");
      }
      const answer = decodeCoreMessage(json);
      if (answer.type === "refused") throw new RefusedError(answer);
      if (answer.type !== "welcome") {
        throw new MessageError("The core did not greet");
      }
      return new CoreLink({ link, messages, welcome: answer });
    } catch (error) {
      link.abort();
      await link.ended;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Why the core has ended it, if it said so. */
  get refusal(): RefusedError | undefined {
    return this.#refusal;
  }

  /** Visitors and the conversation itself. */
  get streams(): number {
    return this.#link.streams;
  }

  /** Whether the core can be asked. */
  get open(): boolean {
    return this.#link.error === undefined;
  }

  /**
   * Says whether the leased port of this link's address leads here; the core
   * dials it to see.
   *
   * @throws {MuxError}
   */
  async reach(direct: boolean): Promise<ReachAnswer> {
    const answer = await this.#ask((id) => ({ type: "reach", id, direct }));
    if (answer.type !== "reached") throw unexpected();
    return { outcome: answer.outcome, name: answer.name };
  }

  /**
   * Sets the values of a TXT record below the lease's name.
   *
   * @throws {MuxError}
   * @throws {MessageError} what the core says against it
   */
  async setText(name: string, values: readonly string[]): Promise<void> {
    const answer = await this.#ask((id) => ({
      type: "text",
      id,
      name,
      values,
    }));
    if (answer.type !== "done") throw unexpected();
    if (answer.error !== undefined) throw new MessageError(answer.error);
  }

  /** Finds out whether the core is still there; ends the link if not. */
  async probe(timeoutMs: number): Promise<void> {
    try {
      await this.#link.probe(timeoutMs);
    } catch (error) {
      // The end of the link says the same.
      if (!(error instanceof MuxError)) throw error;
    }
  }

  /** Lets visitors finish, then ends. */
  async drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    this.#link.leave();
    void this.#messages.end();
    // The conversation with the core alone waits for nothing.
    if (this.#link.streams > 1) await this.#link.drain(deadlineMs);
    else await this.#link.close();
    await this.ended;
  }

  /** Ends at once. */
  async close(): Promise<void> {
    await this.#link.close();
    await this.ended;
  }

  async #ask(question: (id: number) => HomeMessage): Promise<CoreMessage> {
    if (this.#link.error !== undefined) throw this.#link.error;
    if (this.#questions.size >= MAX_QUESTIONS) {
      throw new MuxError("refused", "The core has not answered for long");
    }
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<
      CoreMessage | undefined
    >();
    this.#questions.set(id, resolve);
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    try {
      const sent = this.#messages.send(question(id)).then(() => promise);
      const answer = await Promise.race([sent, promise]);
      if (answer) return answer;
      throw this.#link.error ??
        new MuxError("dead", "The core does not answer");
    } finally {
      clearTimeout(timer);
      this.#questions.delete(id);
    }
  }

  /** Takes messages until the link is over. Never rejects. */
  async #run(): Promise<void> {
    try {
      for (;;) {
        const json = await this.#messages.receive();
        if (json === undefined) break;
        const message = decodeCoreMessage(json);
        if (message.type === "refused") {
          this.#refusal = new RefusedError(message);
          break;
        }
        if (message.type !== "welcome") {
          this.#questions.get(message.id)?.(message);
        }
      }
    } catch {
      // The link is over, or the core speaks in an unknown way: it ends below.
      this.#draining = false;
    }
    for (const resolve of this.#questions.values()) resolve(undefined);
    if (this.#draining) await this.#link.ended;
    else await this.#link.close();
  }
}

/** Reads what stands in front of a visitor's bytes. Never rejects. */
async function receiveVisitor(
  stream: MuxStream,
  onVisitor: CoreLinkOptions["onVisitor"],
): Promise<void> {
  const timer = setTimeout(() => stream.close(), VISITOR_MS);
  try {
    const head = new Uint8Array(VISITOR_SIZE);
    for (let filled = 0; filled < head.length;) {
      const size = await stream.read(head.subarray(filled));
      if (size === null) throw new MessageError("A visitor was cut off");
      filled += size;
    }
    clearTimeout(timer);
    onVisitor(stream, decodeVisitor(head));
  } catch {
    // It has gone, or the core speaks in an unknown way: nobody to tell.
    stream.close();
  } finally {
    clearTimeout(timer);
  }
}

function unexpected(): MessageError {
  return new MessageError("The core answered another question");
}
