/**
 * Reads the files of a reference server's state, and passes what is in them
 * on. What cannot be read is reported and left out.
 *
 * @module
 */

import { join } from "node:path";
import { FormatError } from "./fields.ts";
import { type Ini, iniValue } from "./ini.ts";
import { countJournals, readJournal } from "./journal.ts";
import { type Line, readLines } from "./lines.ts";
import { parseMessageLine, parseNotificationLine } from "./message_log.ts";
import { type BookQueue, QueueBook } from "./queue_book.ts";
import {
  isDirectory,
  isFile,
  STATE_FILES,
  unreadable,
} from "./reference_files.ts";
import { type Findings, MigrateError } from "./report.ts";
import type { StoreImport } from "./store_import.ts";
import { parseStoreLogLine } from "./store_log.ts";

/** Where to read from, and where to say what was found. */
export interface StateSource {
  /** The directory of state. */
  readonly directory: string;
  /** The settings; undefined where there is no file. */
  readonly ini: Ini | undefined;
  readonly findings: Findings;
}

/**
 * Reads the log of queues.
 *
 * @throws {MigrateError} where there is none, or it cannot be read at all
 */
export async function readQueueLog(source: StateSource): Promise<QueueBook> {
  const { directory, findings } = source;
  let file: string = STATE_FILES.queues;
  // It is there when the server was interrupted while it wrote the log anew.
  if (await isFile(join(directory, `${file}.start`))) {
    file = `${file}.start`;
    findings.note(
      `The server was interrupted at its last start: ${file} was read, ` +
        "as the server would have done.",
    );
  }
  if (!await isFile(join(directory, file))) throw noQueueLog(source);
  const book = new QueueBook();
  forEachRecord(source, { file }, (text, line) => {
    const fault = book.add(parseStoreLogLine(text), line);
    if (fault !== undefined) findings.problem({ file, line, text: fault });
  });
  return book;
}

function noQueueLog({ directory, ini }: StateSource): MigrateError {
  const inDatabase = ini !== undefined &&
    iniValue(ini, "STORE_LOG", "store_queues") === "database";
  return new MigrateError(
    `There is no ${STATE_FILES.queues} in ${directory}. ` +
      (inDatabase
        ? "The server keeps its queues in PostgreSQL: write them to the file " +
          'first, with "smp-server database export".'
        : "It has the server's queues: give the directory where it is, " +
          "mostly /var/opt/simplex."),
  );
}

/**
 * Reads the notifications that were not handed on; to be called before the
 * messages are read.
 */
export async function readNotifications(
  source: StateSource,
  { book, into }: { book: QueueBook; into: StoreImport },
): Promise<void> {
  const file = STATE_FILES.notifications;
  if (!await isFile(join(source.directory, file))) {
    await noteBackup(source, file, "notifications");
    return;
  }
  forEachRecord(source, { file }, (text, line) => {
    const notification = parseNotificationLine(text);
    const queue = book.queueOfNotifier(notification.notifierId);
    if (queue === undefined) {
      source.findings.problem({
        file,
        line,
        text: "it is for a notifier that no queue has",
      });
    } else into.addNotification(queue.record.recipientId, notification);
  });
}

/**
 * Reads the messages, from the log or from the journal.
 *
 * @throws {MigrateError} where there are both and nothing tells which counts
 */
export async function readMessages(
  source: StateSource,
  { book, into }: { book: QueueBook; into: StoreImport },
): Promise<void> {
  switch (await placeOfMessages(source)) {
    case "log":
      return await readMessageLog(source, into);
    case "journal":
      return await readJournals(source, { book, into });
    case "nowhere":
      return await noteBackup(source, STATE_FILES.messages, "messages");
    case "not kept":
      source.findings.note(
        `The server's settings say restore_messages = off, so ` +
          `${STATE_FILES.messages} is out of date and was not read.`,
      );
  }
}

async function placeOfMessages(
  { directory, ini }: StateSource,
): Promise<"log" | "journal" | "nowhere" | "not kept"> {
  const hasLog = await isFile(join(directory, STATE_FILES.messages));
  const hasJournal = await isDirectory(join(directory, STATE_FILES.journal));
  const setting = ini && iniValue(ini, "STORE_LOG", "store_messages");
  if (setting === "database" && !hasLog) {
    throw new MigrateError(
      "The server keeps its messages in PostgreSQL: write them to " +
        `${STATE_FILES.messages} first, with "smp-server database export".`,
    );
  }
  const both = hasLog && hasJournal;
  if (both && setting !== "memory" && setting !== "journal") {
    throw new MigrateError(
      `There are both ${STATE_FILES.messages} and the directory ` +
        `${STATE_FILES.journal} in ${directory}, and one of them is out of ` +
        "date. Move that one away and try again.",
    );
  }
  if (both ? setting === "journal" : hasJournal) return "journal";
  if (!hasLog) return "nowhere";
  const restore = ini && iniValue(ini, "STORE_LOG", "restore_messages");
  return restore === "off" ? "not kept" : "log";
}

async function readMessageLog(
  source: StateSource,
  into: StoreImport,
): Promise<void> {
  const { findings } = source;
  const file = STATE_FILES.messages;
  const lines = records(source, file);
  for (const { number: line, text } of lines) {
    const record = parsed(source, { file, line }, () => parseMessageLine(text));
    if (record === undefined) continue;
    switch (into.takes(record.recipientId)) {
      case "yes":
        into.addMessage(record.recipientId, record.message);
        await into.breathe();
        break;
      case "known":
        break;
      case "no":
        findings.problem({
          file,
          line,
          text: "it is a message for a queue that there is not",
        });
    }
  }
}

async function readJournals(
  source: StateSource,
  { book, into }: { book: QueueBook; into: StoreImport },
): Promise<void> {
  const { directory, findings } = source;
  const root = join(directory, STATE_FILES.journal);
  let expected = 0;
  for (const queue of book.queues()) {
    const { recipientId } = queue.record;
    const journal = journalOf(root, queue);
    if (journal === undefined) continue;
    expected++;
    if (into.takes(recipientId) !== "yes") continue;
    const { messages, problems } = journal;
    for (const message of messages) {
      into.addMessage(recipientId, message);
      await into.breathe();
    }
    for (const text of problems) {
      findings.problem({
        file: STATE_FILES.queues,
        line: queue.line,
        text: `in the journal of this queue, ${text}`,
      });
    }
  }
  const others = countOf(root) - expected;
  if (others > 0) {
    findings.note(
      `The journal has messages of ${others} queues that are in no line of ` +
        `${STATE_FILES.queues}; they were not read.`,
    );
  }
}

function countOf(root: string): number {
  try {
    return countJournals(root);
  } catch (cause) {
    throw unreadable(`a directory in ${root}`, cause);
  }
}

function journalOf(root: string, { record }: BookQueue) {
  try {
    return readJournal(root, record.recipientId);
  } catch (cause) {
    throw unreadable(`a file in ${root}`, cause);
  }
}

/** A server that was killed has no fresh file, only that of its last start. */
async function noteBackup(
  { directory, findings }: StateSource,
  file: string,
  what: string,
): Promise<void> {
  if (!await isFile(join(directory, `${file}.bak`))) return;
  findings.note(
    `There is no ${file}, only ${file}.bak from an earlier start: ` +
      `the server was not stopped in order, and its ${what} are lost. ` +
      "Start it again and stop it with systemctl stop or Ctrl-C if you can.",
  );
}

/** Takes each line of a log that can be a record; reports the others. */
export function forEachRecord(
  source: Pick<StateSource, "directory" | "findings">,
  { file, maxLength }: { file: string; maxLength?: number },
  take: (text: string, line: number) => void,
): void {
  for (const { number: line, text } of records(source, file, maxLength)) {
    parsed(source, { file, line }, () => take(text, line));
  }
}

/** The lines that can be records; others are reported. */
function* records(
  { directory, findings }: Pick<StateSource, "directory" | "findings">,
  file: string,
  maxLength?: number,
): Generator<{ readonly number: number; readonly text: string }> {
  const path = join(directory, file);
  const lines = readLines(path, { maxLength });
  for (;;) {
    const line = nextLine(lines, path);
    if (line === undefined) return;
    const { number, text, complete } = line;
    if (!complete) {
      const cut = "the last line was not written to its end";
      findings.problem({ file, line: number, text: cut });
    } else if (text === undefined) {
      const long = "it is too long to be a record";
      findings.problem({ file, line: number, text: long });
    } else yield { number, text };
  }
}

function nextLine(lines: Generator<Line>, path: string): Line | undefined {
  try {
    const { done, value } = lines.next();
    return done ? undefined : value;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parsed<T>(
  { findings }: Pick<StateSource, "findings">,
  { file, line }: { readonly file: string; readonly line: number },
  parse: () => T,
): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.problem({ file, line, text: error.message });
    return undefined;
  }
}
