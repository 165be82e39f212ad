/**
 * The messages of one queue in the reference's journal (simplexmq 6.5.5,
 * `Simplex.Messaging.Server.MsgStore.Journal`).
 *
 * ```text
 * messages/ID[0..2]/ID[2..4]/ID[4..6]/ID[6..8]/ID[8..]/
 *   queue_state.ID.log       states, one a line, the last one counts
 *   queue_state.ID.log.bak   if there: the states in place of those above
 *   messages.JOURNAL.log     messages, one a line
 *
 * state    write=journal read=journal canWrite=T|F size=COUNT
 * journal  JOURNAL,messages before it,messages,bytes before it,bytes
 * ```
 * Reading begins in the journal `read` at its position. What is there to its
 * end, and, if `write` is another one, all of that up to its position, waits.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import { FieldReader, FormatError, textOf } from "./fields.ts";
import { type LoggedMessage, readMessage } from "./message_log.ts";

/** What was found of one queue. */
export interface JournalMessages {
  readonly messages: readonly LoggedMessage[];
  /** What is wrong: sentences without an end. */
  readonly problems: readonly string[];
}

interface Position {
  readonly journal: string;
  /** Bytes before this position, and in all. */
  readonly from: number;
  readonly to: number;
}

interface State {
  readonly write: Position;
  readonly read: Position;
  readonly size: number;
}

/** Directories, one in the other, down to a queue's (`journalMsgStoreDepth`). */
const LEVELS = 5;

/** The directory of a queue, below the journal's. */
export function journalDirectory(recipientId: Uint8Array): string {
  const text = textOf(recipientId);
  const parts = [0, 2, 4, 6].map((at) => text.slice(at, at + 2));
  return join(...parts, text.slice(8));
}

/**
 * Reads the messages that wait in the queue's journal; undefined where there
 * is none.
 *
 * @throws the errors of `Deno.readFileSync`
 */
export function readJournal(
  root: string,
  recipientId: Uint8Array,
): JournalMessages | undefined {
  const directory = join(root, journalDirectory(recipientId));
  const states = join(directory, `queue_state.${textOf(recipientId)}.log`);
  const text = readIfThere(`${states}.bak`) ?? readIfThere(states);
  if (text === undefined) return undefined;
  const problems: string[] = [];
  const state = lastState(text.toString("latin1"), problems);
  const messages: LoggedMessage[] = [];
  if (state === undefined || state.size === 0) return { messages, problems };
  const { read, write } = state;
  const ranges = read.journal === write.journal
    ? [{ ...read, to: write.to }]
    : [read, { ...write, from: 0 }];
  for (const range of ranges) {
    readRange(directory, range, { messages, problems });
  }
  if (problems.length === 0 && messages.length !== state.size) {
    problems.push(
      `its state says ${state.size} messages, but there are ${messages.length}`,
    );
  }
  return { messages, problems };
}

/**
 * Counts the queues that have a journal.
 *
 * @throws the errors of `Deno.readDirSync`
 */
export function countJournals(root: string, depth = LEVELS): number {
  let count = 0;
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory) continue;
    count += depth === 1 ? 1 : countJournals(join(root, name), depth - 1);
  }
  return count;
}

/** The last line that is whole; after a crash that may be the one before. */
function lastState(text: string, problems: string[]): State | undefined {
  // What is behind the last newline was not written to its end.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n")
    .filter((line) => line !== "");
  for (const line of lines.slice(-2).reverse()) {
    try {
      const state = parseState(line);
      if (state !== undefined) return state;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  if (text !== "") problems.push("its state is damaged");
  return undefined;
}

/** @throws {FormatError} */
function parseState(line: string): State | undefined {
  const reader = new FieldReader(line);
  reader.expect("write=");
  const write = parsePosition(reader.word());
  reader.expect(" read=");
  const read = parsePosition(reader.word());
  reader.expect(" canWrite=");
  reader.word();
  reader.expect(" size=");
  const size = reader.integer("the size");
  reader.end();
  return { write: { ...write, to: write.from }, read, size };
}

/** @throws {FormatError} */
function parsePosition(text: string): Position {
  const [journal, ...numbers] = text.split(",");
  // The name becomes part of a path.
  if (!/^[\w-]{1,64}$/.test(journal) || numbers.length !== 4) {
    throw new FormatError("the position is damaged");
  }
  const [, , from, to] = numbers.map((number) =>
    new FieldReader(number).integer("the position")
  );
  if (from < 0 || to < from) throw new FormatError("the position is damaged");
  return { journal, from, to };
}

function readRange(
  directory: string,
  { journal, from, to }: Position,
  { messages, problems }: { messages: LoggedMessage[]; problems: string[] },
): void {
  const bytes = readIfThere(join(directory, `messages.${journal}.log`));
  if (bytes === undefined) {
    if (to > from) problems.push("a file of its messages is missing");
    return;
  }
  if (bytes.length < to) {
    problems.push("the end of its messages is missing");
  }
  const range = bytes.subarray(from, Math.min(to, bytes.length));
  for (let at = 0; at < range.length;) {
    const end = range.indexOf(10, at);
    // Without its newline a message may have been cut off.
    if (end < 0) break;
    try {
      messages.push(
        readMessage(new FieldReader(range.toString("latin1", at, end))),
      );
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      problems.push(`one of its messages cannot be read: ${error.message}`);
    }
    at = end + 1;
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
