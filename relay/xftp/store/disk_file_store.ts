/**
 * Files as rows of the relay's database and contents in a folder.
 *
 * An upload becomes a file in this order: content on disk (fsync), its name
 * (rename, fsync of the folder), the row says `uploaded`. A deletion hides the
 * content, then the row goes, then the content. So what a crash leaves can be
 * told from contents that another database knows (`reconcile.ts`).
 *
 * @module
 */

import { dirname } from "node:path";
import { syncDirectory } from "../../files.ts";
import type { BlockingInfo } from "../../smp/errors.ts";
import type { Store, WriteOperation } from "../../store/store.ts";
import type {
  FileContent,
  FileRecipient,
  FileRecord,
  FileStore,
  FileStoreCounts,
  Upload,
} from "../file_store.ts";
import { ContentFile, ContentFolder } from "./content.ts";
import {
  reconcile,
  type Reconciliation,
  type UnknownContent,
} from "./reconcile.ts";
import { Space } from "./space.ts";
import { FileUpload } from "./upload.ts";

/** Where files are kept and how many. Sizes in bytes. */
export interface DiskFileStoreOptions {
  readonly store: Store;
  /** Folder of the contents; made if it is not there. */
  readonly directory: string;
  /** For all contents together. */
  readonly quota: number;
  /** So much of the disk stays free (64 MiB). */
  readonly keepFree?: number;
  /**
   * For how long an announced file keeps its space without an upload, in ms
   * (15 min).
   */
  readonly reservationMs?: number;
  /** Told why the disk refuses; must not throw. */
  readonly onError?: (error: unknown) => void;
}

/** The reference has no bound; its app asks for 200 in a request. */
const MAX_RECIPIENTS = 10_000;
const BATCH = 100;
const MINUTE_MS = 60_000;

/** Opens the files and puts in order what a crash has left. */
export async function openDiskFileStore(
  options: DiskFileStoreOptions,
): Promise<DiskFileStore> {
  const folder = await ContentFolder.open(options.directory);
  await syncDirectory(dirname(folder.path));
  const found = await reconcile(options.store, folder);
  return new DiskFileStore(options, { folder, ...found });
}

/** The files of a relay. */
export class DiskFileStore implements FileStore {
  /** What was put in order at the start. */
  readonly reconciliation: Reconciliation;
  readonly #store: Store;
  readonly #folder: ContentFolder;
  readonly #space: Space;
  readonly #quota: number;
  readonly #onError: (error: unknown) => void;
  /** The last change under way of each file, by name of its content. */
  readonly #changing = new Map<string, Promise<unknown>>();
  readonly #uploads = new Set<FileUpload>();
  readonly #unknown: Map<string, UnknownContent>;
  #files: number;
  #uploaded: number;
  #stopped = false;

  /** Use {@link openDiskFileStore}. */
  constructor(
    options: DiskFileStoreOptions,
    { folder, reconciliation, unknown }: {
      folder: ContentFolder;
      reconciliation: Reconciliation;
      unknown: Map<string, UnknownContent>;
    },
  ) {
    this.reconciliation = reconciliation;
    this.#unknown = unknown;
    this.#store = options.store;
    this.#folder = folder;
    this.#quota = options.quota;
    this.#onError = options.onError ?? (() => {});
    const { files, uploaded, bytesUsed } = options.store.files.counts();
    this.#files = files;
    this.#uploaded = uploaded;
    this.#space = new Space(bytesUsed, {
      quota: options.quota,
      path: folder.path,
      keepFree: options.keepFree ?? 64 * 1024 * 1024,
      reservationMs: options.reservationMs ?? 15 * MINUTE_MS,
    });
  }

  async add(
    file: Omit<FileRecord, "uploaded" | "status">,
    recipients: readonly FileRecipient[],
  ): Promise<"ok" | "duplicate" | "full"> {
    if (!this.#store.hasRoom) return "full";
    const taken = this.#store.files.find(file.senderId) !== undefined ||
      this.#anyTaken(recipients);
    if (taken) return "duplicate";
    await this.#write({
      type: "addFile",
      file: { ...file, status: { type: "active" }, uploaded: false },
      recipients,
    });
    this.#files++;
    this.#space.announce(ContentFolder.nameOf(file.senderId), file.size);
    return "ok";
  }

  async addRecipients(
    senderId: Uint8Array,
    recipients: readonly FileRecipient[],
  ): Promise<"ok" | "duplicate" | "missing" | "full"> {
    if (!this.#store.hasRoom) return "full";
    const { files } = this.#store;
    if (files.find(senderId) === undefined) return "missing";
    const count = files.recipientCount(senderId) + recipients.length;
    if (count > MAX_RECIPIENTS) return "full";
    if (this.#anyTaken(recipients)) return "duplicate";
    await this.#write({ type: "addFileRecipients", senderId, recipients });
    return "ok";
  }

  bySender(senderId: Uint8Array): FileRecord | undefined {
    return this.#store.files.find(senderId);
  }

  byRecipient(
    recipientId: Uint8Array,
  ): { readonly file: FileRecord; readonly key: Uint8Array } | undefined {
    return this.#store.files.findRecipient(recipientId);
  }

  async upload(
    senderId: Uint8Array,
  ): Promise<Upload | "missing" | "quota" | "io"> {
    const record = this.bySender(senderId);
    if (record === undefined || this.#stopped) return "missing";
    const { size, digest } = record;
    const id = record.senderId;
    const name = ContentFolder.nameOf(id);
    try {
      if (!this.#space.take(name, size)) return "quota";
    } catch (error) {
      this.#onError(error);
      return "io";
    }
    try {
      const { path, file } = await this.#folder.create(id);
      const upload: FileUpload = new FileUpload({ size, digest, path, file }, {
        accept: async (path) => {
          const result = await this.#accept(record, path);
          this.#uploads.delete(upload);
          return result;
        },
        discard: async (path) => {
          if (!this.#uploads.delete(upload)) return;
          this.#space.giveBack(name);
          await this.#folder.remove(path);
        },
        onError: this.#onError,
      });
      this.#uploads.add(upload);
      return upload;
    } catch (error) {
      this.#space.giveBack(name);
      this.#onError(error);
      return "io";
    }
  }

  async read(
    senderId: Uint8Array,
  ): Promise<FileContent | undefined> {
    const record = this.bySender(senderId);
    if (record === undefined || !record.uploaded) return undefined;
    try {
      const file = await Deno.open(this.#folder.pathOf(record.senderId));
      return new ContentFile(file, record.size);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#onError(error);
      return undefined;
    }
  }

  delete(senderId: Uint8Array): Promise<boolean> {
    return this.#exclusive(senderId, async (record) => {
      const { senderId } = record;
      const name = ContentFolder.nameOf(senderId);
      const hidden = record.uploaded && await this.#folder.hide(name);
      try {
        await this.#write({ type: "deleteFile", senderId });
      } catch (error) {
        if (hidden) await this.#folder.show(name);
        throw error;
      }
      this.#files--;
      this.#space.forget(name);
      await this.#removeContent(record, () => this.#folder.removeHidden(name));
    });
  }

  async deleteRecipient(recipientId: Uint8Array): Promise<void> {
    await this.#write({ type: "deleteFileRecipient", recipientId });
  }

  block(senderId: Uint8Array, info: BlockingInfo): Promise<boolean> {
    return this.#exclusive(senderId, async (record) => {
      const { senderId } = record;
      await this.#write({ type: "blockFile", senderId, info });
      const path = this.#folder.pathOf(senderId);
      await this.#removeContent(record, () => this.#folder.remove(path));
    });
  }

  async expire(before: number, signal?: AbortSignal): Promise<number> {
    await this.#expireUnknown(before);
    let count = 0;
    for (;;) {
      const ids = this.#store.files.madeBefore(before, BATCH);
      if (ids.length === 0 || signal?.aborted) return count;
      const deleted = await Promise.all(ids.map((id) => this.delete(id)));
      count += deleted.filter((each) => each).length;
    }
  }

  /** Contents that the database knows nothing of; their size in bytes. */
  get unknown(): { readonly contents: number; readonly bytes: number } {
    let bytes = 0;
    for (const { size } of this.#unknown.values()) bytes += size;
    return { contents: this.#unknown.size, bytes };
  }

  counts(): FileStoreCounts {
    return {
      files: this.#files,
      uploaded: this.#uploaded,
      bytesUsed: this.#space.used,
      bytesReserved: this.#space.reserved,
      quota: this.#quota,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(Array.from(this.#uploads, (each) => each.abort()));
    await Promise.allSettled(this.#changing.values());
  }

  /** Removes contents whose files would have expired, if there were any. */
  async #expireUnknown(before: number): Promise<void> {
    for (const [name, { writtenAt }] of this.#unknown) {
      if (writtenAt >= before) continue;
      this.#unknown.delete(name);
      await this.#folder.remove(this.#folder.at(name));
    }
  }

  #anyTaken(recipients: readonly FileRecipient[]): boolean {
    return recipients.some(({ recipientId }) =>
      this.byRecipient(recipientId) !== undefined
    );
  }

  async #write(operation: WriteOperation): Promise<void> {
    await this.#store.write(operation).committed;
  }

  /** Gives the content its name and tells the database. */
  async #accept(
    { senderId, size }: FileRecord,
    path: string,
  ): Promise<"ok" | "AUTH" | "FILE_IO"> {
    const name = ContentFolder.nameOf(senderId);
    let accepted = false;
    await this.#exclusive(senderId, async (record) => {
      if (record.status.type !== "active") return;
      if (record.uploaded) {
        // Another upload of the same content was faster.
        await this.#folder.remove(path);
        this.#space.giveBack(name);
        accepted = true;
        return;
      }
      const content = this.#folder.pathOf(senderId);
      await Deno.rename(path, content);
      try {
        await this.#folder.sync();
        await this.#write({
          type: "setFileUploaded",
          senderId,
          uploaded: true,
        });
      } catch (error) {
        await this.#folder.remove(content);
        throw error;
      }
      this.#uploaded++;
      this.#space.use(name, size);
      accepted = true;
    });
    if (accepted) return "ok";
    await this.#folder.remove(path);
    this.#space.giveBack(name);
    return "AUTH";
  }

  async #removeContent(
    { size, uploaded }: FileRecord,
    remove: () => Promise<unknown>,
  ): Promise<void> {
    if (!uploaded) return;
    this.#uploaded--;
    this.#space.free(size);
    try {
      await remove();
    } catch (error) {
      // Nobody can reach it any more; the next start removes it.
      this.#onError(error);
    }
  }

  /** Runs changes of one file one after the other; false: it is not there. */
  async #exclusive(
    senderId: Uint8Array,
    change: (record: FileRecord) => Promise<void>,
  ): Promise<boolean> {
    const name = ContentFolder.nameOf(senderId);
    const before = this.#changing.get(name);
    const run = (async () => {
      await before?.catch(() => {/* Whoever asked for it is told. */});
      const record = this.bySender(senderId);
      if (record === undefined) return false;
      await change(record);
      return true;
    })();
    this.#changing.set(name, run);
    try {
      return await run;
    } finally {
      if (this.#changing.get(name) === run) this.#changing.delete(name);
    }
  }
}
