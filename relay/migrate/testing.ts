/**
 * Files that reference servers wrote, for tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { readVectorFile, Vector } from "../../tests/vectors.ts";
import { generateAuthKeyPair, randomBytes } from "../crypto/mod.ts";
import { createIdentity } from "../identity/mod.ts";
import { ID_SIZE, textOf } from "./fields.ts";
import { journalDirectory } from "./journal.ts";
import { LogWriter } from "./log_writer.ts";
import { formatMessage } from "./message_log.ts";
import { STATE_FILES } from "./reference_files.ts";
import { formatQueue } from "./store_log.ts";

const recorded = new Vector(readVectorFile("reference_state.json.gz"));

/** What is known of the recorded state with this name. */
export function facts(name: string): Vector {
  return recorded.object("facts").object(name);
}

/** A recorded file, one character a byte. */
export function recordedText(path: string): string {
  return recorded.object("files").text(path);
}

/** Writes all recorded files below `name` into `directory`. */
export function writeRecorded(name: string, directory: string): void {
  const files = recorded.get("files");
  assert(typeof files === "object" && files !== null);
  let count = 0;
  for (const [path, text] of Object.entries(files)) {
    if (!path.startsWith(`${name}/`)) continue;
    const target = join(directory, path.slice(name.length + 1));
    Deno.mkdirSync(dirname(target), { recursive: true });
    Deno.writeFileSync(target, Buffer.from(String(text), "latin1"));
    count++;
  }
  assert(count > 0, `No recorded files below ${name}`);
}

/** Runs a test in a directory of its own. */
export async function inDirectory(
  run: (directory: string) => Promise<void> | void,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** How large a made-up server is. */
export interface MadeUpServer {
  readonly queues: number;
  /** Messages in each. */
  readonly messages: number;
  /** Bytes of each. */
  readonly bodySize: number;
  readonly store: "log" | "journal";
}

/**
 * Writes the state of a server as the reference's would be, with new
 * certificates, into one directory.
 */
export async function makeUpServer(
  directory: string,
  { queues, messages, bodySize, store }: MadeUpServer,
): Promise<void> {
  await createIdentity(directory);
  const key = generateAuthKeyPair("ed25519").publicKey.spki;
  const body = randomBytes(bodySize);
  using queueLog = new LogWriter(join(directory, STATE_FILES.queues));
  using messageLog = new LogWriter(join(directory, STATE_FILES.messages));
  for (let i = 0; i < queues; i++) {
    const recipientId = randomBytes(ID_SIZE);
    const [line] = formatQueue({
      recipientId,
      senderId: randomBytes(ID_SIZE),
      recipientKeys: [key],
      recipientDhSecret: randomBytes(32),
      senderKey: key,
      mode: "M",
      status: { type: "active" },
      updatedDay: 20_000,
    });
    queueLog.write(line);
    const lines = Array.from({ length: messages }, (_, number) => {
      body[0] = number;
      const id = randomBytes(ID_SIZE);
      const time = Math.floor(Date.now() / 1000);
      const flags = { notification: false, quota: false };
      return formatMessage(recipientId, { id, time, ...flags, body });
    });
    if (store === "log") { for (const line of lines) messageLog.write(line); }
    else writeJournal(join(directory, STATE_FILES.journal), recipientId, lines);
  }
  queueLog.finish();
  if (store === "log") messageLog.finish();
}

function writeJournal(root: string, id: Uint8Array, lines: string[]): void {
  const directory = join(root, journalDirectory(id));
  Deno.mkdirSync(directory, { recursive: true });
  // The journal has the message without "v3" and the queue's ID.
  const text = lines.map((line) => `${line.split(" ").slice(2).join(" ")}\n`)
    .join("");
  const count = lines.length;
  const size = text.length;
  Deno.writeTextFileSync(
    join(directory, "messages.abcdefghijklmnop.log"),
    text,
  );
  Deno.writeTextFileSync(
    join(directory, `queue_state.${textOf(id)}.log`),
    `write=abcdefghijklmnop,${count},${count},${size},${size} ` +
      `read=abcdefghijklmnop,0,${count},0,${size} canWrite=T size=${count}\n`,
  );
}
