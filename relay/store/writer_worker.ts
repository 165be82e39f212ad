/**
 * The writer's thread: takes groups one after the other, and does everything
 * that waits for the disk.
 *
 * @module
 */

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { storeError } from "./database_errors.ts";
import { WriterDatabase } from "./writer_database.ts";
import type {
  FromWriter,
  GroupMessage,
  ToWriter,
  WriterOptions,
} from "./writer_messages.ts";

let database: WriterDatabase | undefined;
let idleMs = 0;
let idleTimer: ReturnType<typeof setTimeout> | undefined;
let lastChange = 0;
let hasRoom = true;

self.onmessage = ({ data }: MessageEvent<ToWriter>) => {
  try {
    answer(data);
  } catch (error) {
    const { kind, message, cause } = storeError(error);
    send({
      type: "failed",
      error: {
        kind,
        message,
        cause: cause instanceof Error ? cause.message : String(cause),
      },
    });
  }
};

function send(message: FromWriter, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

function answer(message: ToWriter): void {
  switch (message.type) {
    case "open":
      open(message.options);
      break;
    case "group":
      apply(message);
      break;
    case "stop":
      stop();
      break;
  }
}

function open(options: WriterOptions): void {
  database = new WriterDatabase(options);
  idleMs = options.idleMs;
  tellRoom(database.hasRoom(0));
  send({ type: "opened" });
}

function apply(group: GroupMessage): void {
  if (database === undefined) throw new Error("Cannot write: not open");
  try {
    database.apply(group);
  } catch (error) {
    maintain((database) => tellRoom(database.hasRoom(Infinity)));
    throw error;
  }
  send({ type: "committed", buffer: group.buffer }, [group.buffer]);
  lastChange = performance.now();
  idleTimer ??= setTimeout(whenIdle, idleMs);
  maintain((database) => {
    database.checkpointIfLarge();
    tellRoom(database.hasRoom(group.length));
  });
}

function whenIdle(): void {
  const left = lastChange + idleMs - performance.now();
  if (left > 0) {
    idleTimer = setTimeout(whenIdle, left);
    return;
  }
  idleTimer = undefined;
  maintain((database) => {
    database.truncateWal();
    tellRoom(database.hasRoom(0));
  });
  // There may be no more changes: without room, or while somebody reads what
  // the WAL holds, look again from time to time.
  if (!hasRoom || !database?.isWalEmpty) {
    idleTimer ??= setTimeout(whenIdle, idleMs);
  }
}

function tellRoom(now: boolean): void {
  if (now === hasRoom) return;
  hasRoom = now;
  send({ type: "room", hasRoom });
  if (!hasRoom) idleTimer ??= setTimeout(whenIdle, idleMs);
}

/**
 * A checkpoint that fails loses nothing: the WAL still has it all, and the
 * next one tries again. If the disk is to blame, a commit will fail and say so.
 */
function maintain(work: (database: WriterDatabase) => void): void {
  if (database === undefined) return;
  try {
    work(database);
  } catch {
    idleTimer ??= setTimeout(whenIdle, idleMs);
  }
}

function stop(): void {
  maintain((database) => database.truncateWal());
  database?.close();
  database = undefined;
  send({ type: "stopped" });
  self.close();
}
