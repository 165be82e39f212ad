/**
 * Group commit: changes gather while the writer's thread is busy with the
 * group before them, so that a slow disk makes larger groups instead of a
 * queue of transactions. The serving thread never waits.
 *
 * @module
 */

import { storeErrorOf } from "./database_errors.ts";
import { StoreError, type WriteGroup, type WriteOperation } from "./store.ts";
import { GatheringGroup } from "./write_group.ts";
import type {
  FromWriter,
  PlainError,
  ToWriter,
  WriterOptions,
} from "./writer_messages.ts";

/**
 * Time from one group to the next while changes come faster than groups: a
 * group of three costs little more than a group of one, on disk as well.
 */
const GATHER_MS = 1;
/** Larger buffers are not kept for the next group: bytes. */
const LARGEST_KEPT_BUFFER = 16 * 1024 * 1024;

/** The serving thread's end of the writer. */
export class Writer {
  /** See `Store.onFailure`. */
  onFailure: ((error: StoreError) => void) | undefined;
  /** See `Store.onCommit`. */
  onCommit: ((durationMs: number) => void) | undefined;
  /** Called when a group is about to leave, to add to it. */
  beforeSend: ((group: GatheringGroup) => void) | undefined;
  /** See `Store.hasRoom`. */
  hasRoom = true;
  readonly #worker: Worker;
  #gathering: GatheringGroup | undefined;
  #inFlight: GatheringGroup | undefined;
  /** When it was sent (`performance.now`). */
  #sentAt = 0;
  /** How many changes the group that was sent last had. */
  #lastSize = 0;
  #spare: ArrayBuffer | undefined;
  #sendScheduled = false;
  #waiting: PromiseWithResolvers<void> | undefined;
  /** Set when nothing can be written any more. */
  #ended: StoreError | undefined;

  private constructor() {
    this.#worker = new Worker(new URL("./writer_worker.ts", import.meta.url), {
      type: "module",
      name: "store writer",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWriter>) =>
      this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(storeErrorOf("io", event.error ?? event.message));
    };
  }

  /** Starts the thread and opens the database. Rejects with `StoreError`. */
  static async open(options: WriterOptions): Promise<Writer> {
    const writer = new Writer();
    try {
      await writer.#ask({ type: "open", options });
    } catch (error) {
      writer.#worker.terminate();
      throw error;
    }
    return writer;
  }

  /** See `Store.writingMs`. */
  get writingMs(): number {
    return this.#inFlight === undefined ? 0 : performance.now() - this.#sentAt;
  }

  /** See `Store.write`. */
  write(operation: WriteOperation): WriteGroup {
    const group = this.#gathering ??= this.#newGroup();
    group.add(operation);
    this.#scheduleSend();
    return group;
  }

  /** See `Store.flush`. */
  async flush(): Promise<void> {
    const last = this.#gathering ?? this.#inFlight;
    // Failures are told through `onFailure`.
    await last?.committed.catch(() => {});
  }

  /** Empties the WAL, closes the files, ends the thread. Flush first. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = storeErrorOf("io", new Error("The store has been stopped."));
    try {
      await this.#ask({ type: "stop" });
    } finally {
      this.#worker.terminate();
    }
  }

  #newGroup(): GatheringGroup {
    const group = new GatheringGroup(this.#spare);
    this.#spare = undefined;
    return group;
  }

  #scheduleSend(): void {
    if (this.#sendScheduled || this.#inFlight !== undefined) return;
    this.#sendScheduled = true;
    const send = () => {
      this.#sendScheduled = false;
      this.#sendGroup();
    };
    const wait = this.#paceMs();
    // The rest of the batch that is being handled now joins the group.
    if (wait === 0) queueMicrotask(send);
    else setTimeout(send, wait);
  }

  /**
   * How long the next group has to gather: nothing while changes come one by
   * one; while they come together, groups begin `GATHER_MS` apart.
   */
  #paceMs(): number {
    if (this.#lastSize < 2) return 0;
    return Math.max(0, this.#sentAt + GATHER_MS - performance.now());
  }

  #sendGroup(): void {
    const group = this.#gathering;
    if (group === undefined || this.#inFlight !== undefined) return;
    if (this.#ended !== undefined) {
      this.#failGroups(this.#ended);
      return;
    }
    this.#gathering = undefined;
    this.#inFlight = group;
    this.beforeSend?.(group);
    this.#sentAt = performance.now();
    this.#lastSize = group.size;
    const message = group.message();
    this.#send(message, [message.buffer]);
  }

  #send(message: ToWriter, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  async #ask(message: ToWriter): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#send(message);
    await this.#waiting.promise;
  }

  #receive(message: FromWriter): void {
    switch (message.type) {
      case "committed": {
        const group = this.#inFlight;
        const took = performance.now() - this.#sentAt;
        this.#inFlight = undefined;
        if (message.buffer.byteLength <= LARGEST_KEPT_BUFFER) {
          this.#spare = message.buffer;
        }
        if (this.#gathering !== undefined) this.#scheduleSend();
        group?.succeed();
        this.onCommit?.(took);
        break;
      }
      case "failed":
        // Answers come in the order of the messages, and a group that is in
        // flight was sent before anything that is asked.
        if (this.#inFlight) this.#failGroups(storeErrorFrom(message.error));
        else this.#waiting?.reject(storeErrorFrom(message.error));
        break;
      case "opened":
      case "stopped":
        this.#waiting?.resolve();
        break;
      case "room":
        this.hasRoom = message.hasRoom;
        break;
    }
  }

  /** The group behind the failed one was computed on state that is lost. */
  #failGroups(error: StoreError): void {
    const groups = [this.#inFlight, this.#gathering];
    this.#inFlight = undefined;
    this.#gathering = undefined;
    try {
      this.onFailure?.(error);
    } finally {
      for (const group of groups) group?.fail(error);
    }
  }

  /** The thread is gone: nothing is answered any more. */
  #die(error: StoreError): void {
    this.#ended = error;
    this.#waiting?.reject(error);
    this.#failGroups(error);
  }
}

function storeErrorFrom({ kind, message, cause }: PlainError): StoreError {
  return new StoreError(kind, message, { cause: new Error(cause) });
}
