/**
 * Files of an import as rows of the relay's database.
 *
 * @module
 */

import { join } from "node:path";
import { openSqliteStore, type Store, STORE_FILE } from "../store/mod.ts";
import { equalBytes } from "../wire/mod.ts";
import { type PlannedFile, tellFault } from "./file_plan.ts";
import { type Findings, MigrateError } from "./report.ts";
import { removeTree, STAGING } from "./target.ts";

/** What was written. */
export interface FileImportCounts {
  files: number;
  recipients: number;
  /** Of the files, those with their content, and its size in bytes. */
  uploaded: number;
  bytes: number;
  /** Of the files, those that are blocked. */
  blocked: number;
  /** Files that the relay had before. */
  known: number;
}

/** Recipients in one change of the database. */
const RECIPIENTS_AT_A_TIME = 1000;
/** Files between two waits for the disk. */
const FILES_AT_A_TIME = 1000;

/** What an import would write. */
export function rehearseFiles(files: readonly PlannedFile[]): FileImportCounts {
  const counts = noCounts();
  for (const file of files) count(counts, file);
  return counts;
}

/**
 * Writes the rows into a database beside the relay's.
 *
 * @throws {MigrateError} when the disk is nearly full
 * @throws {StoreError}
 */
export async function stageFiles(
  files: readonly PlannedFile[],
  { directory, keep, findings }: {
    directory: string;
    /** Whether to add to the database that is there. */
    keep: boolean;
    findings: Findings;
  },
): Promise<FileImportCounts> {
  const staging = join(directory, STAGING);
  await removeTree(staging);
  await Deno.mkdir(staging, { mode: 0o700 });
  try {
    if (keep) {
      const database = join(directory, STORE_FILE);
      await Deno.copyFile(database, join(staging, STORE_FILE));
    }
    await using store = await openSqliteStore({ dir: staging });
    return await addFiles(store, { files, findings });
  } catch (error) {
    await removeTree(staging);
    throw error;
  }
}

async function addFiles(
  store: Store,
  { files, findings }: {
    files: readonly PlannedFile[];
    findings: Findings;
  },
): Promise<FileImportCounts> {
  const counts = noCounts();
  let failure: Error | undefined;
  store.onFailure = (error) => failure ??= error;
  for (let at = 0; at < files.length; at += FILES_AT_A_TIME) {
    for (const file of files.slice(at, at + FILES_AT_A_TIME)) {
      const known = store.files.find(file.file.senderId);
      if (known === undefined) {
        addFile(store, file);
        count(counts, file);
      } else if (!equalBytes(known.senderKey, file.file.senderKey)) {
        const text = "it makes a file with an ID that is taken here";
        tellFault(file, { text, findings });
      } else {
        counts.known++;
        // Its content was missing at the import before.
        const { senderId } = known;
        const found = !known.uploaded && file.source !== undefined &&
          known.status.type === "active" &&
          equalBytes(known.digest, file.file.digest);
        if (found) {
          store.write({ type: "setFileUploaded", senderId, uploaded: true });
        }
      }
    }
    await store.flush();
    if (failure !== undefined) throw failure;
    if (!store.hasRoom) {
      throw new MigrateError(
        "The disk is nearly full. Make room and start the import again; it " +
          "goes on where it was.",
      );
    }
  }
  return counts;
}

function addFile(store: Store, planned: PlannedFile): void {
  const { file, status, source, recipients } = planned;
  const { senderId } = file;
  store.write({
    type: "addFile",
    file: { ...file, status, uploaded: source !== undefined },
    recipients: recipients.slice(0, RECIPIENTS_AT_A_TIME),
  });
  for (
    let at = RECIPIENTS_AT_A_TIME;
    at < recipients.length;
    at += RECIPIENTS_AT_A_TIME
  ) {
    const more = recipients.slice(at, at + RECIPIENTS_AT_A_TIME);
    store.write({ type: "addFileRecipients", senderId, recipients: more });
  }
}

function noCounts(): FileImportCounts {
  return {
    files: 0,
    recipients: 0,
    uploaded: 0,
    bytes: 0,
    blocked: 0,
    known: 0,
  };
}

function count(
  counts: FileImportCounts,
  { source, file, status, recipients }: PlannedFile,
): void {
  counts.files++;
  counts.recipients += recipients.length;
  if (status.type === "blocked") counts.blocked++;
  if (source === undefined) return;
  counts.uploaded++;
  counts.bytes += file.size;
}
