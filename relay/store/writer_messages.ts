/**
 * What the serving thread and the writer's thread say to each other.
 *
 * @module
 */

import type { StoreErrorKind } from "./database_errors.ts";

/** How the writer opens the database. Sizes in bytes, times in ms. */
export interface WriterOptions {
  readonly path: string;
  /** The database does not grow beyond this. */
  readonly maxBytes?: number;
  /** Added to each fsync. */
  readonly fsyncDelay: number;
  /** File to which `sync_trace.ts` appends. */
  readonly syncTrace?: string;
  /** Size of the WAL at which it is copied to the database. */
  readonly checkpointBytes: number;
  /** Time after the last change until the WAL is emptied. */
  readonly idleMs: number;
  /** Longest time between two emptyings of the WAL under load. */
  readonly truncateMs: number;
  /** There is room for more while so much of the disk is free. */
  readonly reserveBytes: number;
}

/** A group of changes, see `group_codec.ts`. */
export interface GroupMessage {
  readonly type: "group";
  /**
   * Messages to delete before anything else: the pages they free take the new
   * messages of the same transaction, which halves what is written.
   */
  readonly deletes: readonly number[];
  readonly buffer: ArrayBuffer;
  readonly length: number;
}

/** To the writer. */
export type ToWriter =
  | { readonly type: "open"; readonly options: WriterOptions }
  | GroupMessage
  | { readonly type: "stop" };

/** A `StoreError` without its prototype, which does not survive the way. */
export interface PlainError {
  readonly kind: StoreErrorKind;
  readonly message: string;
  /** Text of the error that caused it. */
  readonly cause: string;
}

/** From the writer: one answer for each message to it, and `room`. */
export type FromWriter =
  | { readonly type: "opened" }
  /** `buffer` is the group's, given back to be used again. */
  | { readonly type: "committed"; readonly buffer: ArrayBuffer }
  | { readonly type: "failed"; readonly error: PlainError }
  | { readonly type: "stopped" }
  /** Whether more may be added, when that has changed. */
  | { readonly type: "room"; readonly hasRoom: boolean };
