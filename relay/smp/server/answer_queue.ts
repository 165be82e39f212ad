/**
 * Answers on their way to a client: in the order of the commands, each block
 * of them once what it promises is on disk.
 *
 * @module
 */

import type { WriteGroup } from "../../store/store.ts";
import type { SmpError } from "../errors.ts";
import type { Message } from "../messages.ts";
import type { Answer } from "./context.ts";
import type { Outgoing } from "./delivery.ts";

/** Answers in one block with this many at most share it with a message. */
const ANSWERS_WITH_MESSAGE = 4;

/** An answer, and what to do when it cannot be kept. */
interface PendingAnswer {
  readonly outgoing: Outgoing;
  /** Whether the answer promises that something is on disk. */
  readonly stored: boolean;
  readonly failed?: Answer["failed"];
}

/** Answers to one block. */
interface PendingBlock {
  readonly answers: PendingAnswer[];
  /** Messages to deliver after the answers. */
  readonly events: Outgoing[];
  group: WriteGroup | undefined;
  /** Memory that the answers take, in bytes. */
  bytes: number;
  failed: boolean;
}

/** What the queue does with answers. */
export interface AnswerQueueOptions {
  /** Sends these in as few blocks as possible. */
  readonly send: (outgoing: readonly Outgoing[]) => void;
  /** Called each time when all that could be sent was sent. */
  readonly onFlushed: () => void;
}

/** Answers of one session that wait for the disk and for those before them. */
export class AnswerQueue {
  readonly #options: AnswerQueueOptions;
  readonly #blocks: PendingBlock[] = [];
  #events = 0;
  #bytes = 0;
  #roomWanted: (() => void) | undefined;

  constructor(options: AnswerQueueOptions) {
    this.#options = options;
  }

  /** Blocks whose answers wait. */
  get length(): number {
    return this.#blocks.length;
  }

  /** Messages that go out after answers. */
  get events(): number {
    return this.#events;
  }

  /** Memory that the answers take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins the answers to a block; `push` puts them in the queue. */
  begin(): BlockAnswers {
    return new BlockAnswers({
      onEvent: () => this.#events++,
      push: (block) => this.#push(block),
    });
  }

  /** Sends the answers that wait for nothing any more, up to those of `end`. */
  flush(end?: WriteGroup): void {
    for (;;) {
      const first = this.#blocks[0];
      if (first === undefined) break;
      const { group } = first;
      if (group !== undefined && !group.durable && !first.failed) break;
      if (group !== undefined && group === end) break;
      this.#blocks.shift();
      this.#bytes -= first.bytes;
      this.#send(first);
    }
    this.#roomWanted?.();
    this.#roomWanted = undefined;
    this.#options.onFlushed();
  }

  /** Resolves after the next flush. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#roomWanted = resolve);
  }

  #push(block: PendingBlock): void {
    for (const { outgoing } of block.answers) {
      block.bytes += sizeOf(outgoing.message);
    }
    this.#blocks.push(block);
    this.#bytes += block.bytes;
    const { group } = block;
    if (group === undefined || group.durable) {
      this.flush();
      return;
    }
    group.committed.then(() => this.flush(), () => {
      block.failed = true;
      this.flush();
    });
  }

  /**
   * The answers of a block go together; the first message with them if they
   * are few, each other message by itself (`sendTransmissions`).
   */
  #send({ answers, events, failed }: PendingBlock): void {
    const outgoing = answers.map((answer) =>
      failed && answer.stored
        ? {
          ...answer.outgoing,
          message: answer.failed?.(NOT_STORED) ?? ERR_NOT_STORED,
        }
        : answer.outgoing
    );
    this.#events -= events.length;
    const together = answers.length <= ANSWERS_WITH_MESSAGE ? 1 : 0;
    this.#options.send([...outgoing, ...events.slice(0, together)]);
    for (const event of events.slice(together)) this.#options.send([event]);
  }
}

/** Gathers the answers to one block. */
export class BlockAnswers {
  readonly #options: {
    readonly onEvent: () => void;
    readonly push: (block: PendingBlock) => void;
  };
  readonly #block: PendingBlock = {
    answers: [],
    events: [],
    group: undefined,
    bytes: 0,
    failed: false,
  };

  constructor(options: {
    readonly onEvent: () => void;
    readonly push: (block: PendingBlock) => void;
  }) {
    this.#options = options;
  }

  /** Adds the answer to the command with these IDs, which are copied. */
  add(
    ids: Pick<Outgoing, "correlationId" | "entityId">,
    answer: Answer,
  ): void {
    const { answers, events } = this.#block;
    answers.push({
      outgoing: {
        correlationId: ids.correlationId.slice(),
        entityId: answer.entityId ?? ids.entityId.slice(),
        message: answer.message,
      },
      stored: answer.group !== undefined,
      failed: answer.failed,
    });
    this.#block.group = later(this.#block.group, answer.group);
    if (answer.event !== undefined) {
      events.push(answer.event);
      this.#options.onEvent();
    }
  }

  /** Adds `ERR` for the transmission with these IDs. */
  refuse(
    ids: Pick<Outgoing, "correlationId" | "entityId">,
    error: SmpError,
  ): void {
    this.add(ids, { message: { tag: "ERR", error } });
  }

  /** Puts the answers in the queue, if there are any. */
  push(): void {
    if (this.#block.answers.length > 0) this.#options.push(this.#block);
  }
}

const NOT_STORED: SmpError = { type: "STORE", message: "not stored" };
const ERR_NOT_STORED: Message = { tag: "ERR", error: NOT_STORED };

/** About what an answer with its IDs takes in memory, in bytes. */
const SMALL_ANSWER = 512;

/** About what an answer with this message takes in memory, in bytes. */
function sizeOf(message: Message): number {
  switch (message.tag) {
    case "MSG":
      return SMALL_ANSWER + message.body.length;
    case "RRES":
      return SMALL_ANSWER + message.response.length;
    case "LNK":
      return SMALL_ANSWER + message.data.fixed.length +
        message.data.user.length;
    default:
      return SMALL_ANSWER;
  }
}

/** Of two groups the one that is on disk last. */
function later(
  a: WriteGroup | undefined,
  b: WriteGroup | undefined,
): WriteGroup | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.order > a.order ? b : a;
}
