/**
 * Puts rows and contents in order when the store is opened.
 *
 * A crash leaves little, and each of it can be told: half uploads, contents
 * that were hidden to be deleted, and contents whose row does not say
 * `uploaded` yet. The last are whole, for they have their name, and are taken;
 * so are those of a disk that was not mounted the last time.
 *
 * A content that no row knows is none of these. The database may be another
 * than the one that it belongs to (a wrong data directory, an old backup), so
 * it stays until its file would have expired.
 *
 * @module
 */

import type { Store } from "../../store/store.ts";
import type { FileRecord } from "../file_store.ts";
import { type ContentFolder, contentName, idOfContent } from "./content.ts";

/** What was put in order when the store was opened. */
export interface Reconciliation {
  /** Uploads that were cut off. */
  readonly temporary: number;
  /** Contents that were being deleted, or are damaged. */
  readonly orphans: number;
  /** Files whose content is there, and was not when the row was written. */
  readonly found: number;
  /** Files whose content is gone. */
  readonly lost: number;
  /** Contents that the database knows nothing of, which were left alone. */
  readonly unknown: number;
}

/** A content that the database knows nothing of. */
export interface UnknownContent {
  /** Bytes. */
  readonly size: number;
  /** When it was written, seconds since 1970. */
  readonly writtenAt: number;
}

const BATCH = 100;
const NO_ID = new Uint8Array(0);

/** Puts in order what is in the folder and in the database. */
export async function reconcile(
  store: Store,
  folder: ContentFolder,
): Promise<
  { reconciliation: Reconciliation; unknown: Map<string, UnknownContent> }
> {
  const { contents, hidden, temporary } = await folder.list();
  for (const name of temporary) await folder.remove(folder.at(name));
  let orphans = 0;
  for (const name of hidden) {
    if (recordOf(store, name) !== undefined) {
      await folder.show(name);
      contents.add(name);
    } else if (await folder.removeHidden(name)) orphans++;
  }
  const lost = await withdrawLost(store, { folder, contents });
  const unknown = new Map<string, UnknownContent>();
  const taken: Promise<void>[] = [];
  for (const name of contents) {
    const file = recordOf(store, name);
    const { size, mtime } = await Deno.stat(folder.at(name));
    if (file === undefined) {
      const writtenAt = Math.floor((mtime?.getTime() ?? Date.now()) / 1000);
      unknown.set(name, { size, writtenAt });
    } else if (file.status.type === "active" && file.size === size) {
      taken.push(setUploaded(store, file.senderId, true));
    } else if (await folder.remove(folder.at(name))) orphans++;
  }
  await Promise.all(taken);
  return {
    reconciliation: {
      temporary: temporary.length,
      orphans,
      found: taken.length,
      lost,
      unknown: unknown.size,
    },
    unknown,
  };
}

/** Takes contents that a row needs out of `contents`; counts missing ones. */
async function withdrawLost(
  store: Store,
  { folder, contents }: { folder: ContentFolder; contents: Set<string> },
): Promise<number> {
  let lost = 0;
  let last = NO_ID;
  for (;;) {
    const files = store.files.uploadedAfter(last, BATCH);
    if (files.length === 0) return lost;
    const changes: Promise<void>[] = [];
    for (const { senderId, size } of files) {
      const name = contentName(senderId);
      if (contents.delete(name)) {
        // There can be 100,000 of them, and nobody is served yet.
        if (Deno.statSync(folder.at(name)).size === size) continue;
        contents.add(name);
      }
      lost++;
      changes.push(setUploaded(store, senderId, false));
    }
    await Promise.all(changes);
    last = new Uint8Array(files[files.length - 1].senderId);
  }
}

function recordOf(store: Store, name: string): FileRecord | undefined {
  const id = idOfContent(name);
  return id && store.files.find(id);
}

function setUploaded(
  store: Store,
  senderId: Uint8Array,
  uploaded: boolean,
): Promise<void> {
  return store.write({ type: "setFileUploaded", senderId, uploaded }).committed;
}
