/**
 * The files that a file log describes, record after record, with the
 * reference's rules (simplexmq 6.5.5, `readFileStore` in
 * `Simplex.FileTransfer.Server.StoreLog`, `STMFileStore` in `…Server.Store`).
 *
 * @module
 */

import { bytesKey } from "../wire/mod.ts";
import type { FileRecipient, FileStatus } from "../xftp/file_store.ts";
import type { FileLogRecord, LoggedFile } from "./file_log.ts";

/** A file of the log. */
export interface BookFile {
  readonly file: Omit<LoggedFile, "status">;
  readonly status: FileStatus;
  /** Where the server has the content; undefined when it was not uploaded. */
  readonly path: string | undefined;
  readonly recipients: readonly FileRecipient[];
  /** Line of the log that made it. */
  readonly line: number;
}

interface Entry {
  readonly file: LoggedFile;
  status: FileStatus;
  path: string | undefined;
  readonly recipients: Map<string, FileRecipient>;
  readonly line: number;
}

/** What the log says so far. */
export class FileBook {
  /** By sender ID. */
  readonly #files = new Map<string, Entry>();
  /** Sender ID by recipient ID. */
  readonly #recipients = new Map<string, string>();
  /** Sender IDs of files that are gone. */
  readonly #deleted = new Set<string>();

  /** The files that are left, in the order in which they were made. */
  files(): Iterable<BookFile> {
    return this.#files.values().map((entry): BookFile => ({
      file: entry.file,
      status: entry.status,
      path: entry.status.type === "blocked" ? undefined : entry.path,
      recipients: [...entry.recipients.values()],
      line: entry.line,
    }));
  }

  /**
   * Adds a record. Undefined when it was taken, or when it was about a file
   * that is deleted and thus of no matter; else why it was not.
   */
  add(record: FileLogRecord, line: number): string | undefined {
    if (record.type === "FNEW") return this.#create(record.file, line);
    if (record.type === "FACK") {
      // Unknown where the file was deleted before its recipient confirmed.
      const name = bytesKey(record.recipientId);
      const sender = this.#recipients.get(name);
      this.#recipients.delete(name);
      if (sender !== undefined) {
        this.#files.get(sender)?.recipients.delete(name);
      }
      return undefined;
    }
    const name = bytesKey(record.senderId);
    const entry = this.#files.get(name);
    if (entry === undefined) {
      return this.#deleted.has(name)
        ? undefined
        : "it is about a file that no line before it made";
    }
    switch (record.type) {
      case "FADD":
        return this.#addRecipients(entry, record.recipients);
      case "FPUT":
        // The content of a blocked file is gone, whatever a later line says.
        if (entry.path !== undefined) return "its file was uploaded before";
        entry.path = record.path;
        return undefined;
      case "FBLK":
        entry.status = { type: "blocked", info: record.info };
        return undefined;
      case "FDEL":
        for (const recipient of entry.recipients.keys()) {
          this.#recipients.delete(recipient);
        }
        this.#files.delete(name);
        this.#deleted.add(name);
        return undefined;
    }
  }

  #create(file: LoggedFile, line: number): string | undefined {
    const { status } = file;
    if (status.type === "off") {
      return "its file is switched off, which the relay does not know";
    }
    const name = bytesKey(file.senderId);
    if (this.#files.has(name)) return "it makes a file that is there already";
    this.#deleted.delete(name);
    this.#files.set(name, {
      file,
      status,
      path: undefined,
      recipients: new Map(),
      line,
    });
    return undefined;
  }

  #addRecipients(
    { file, recipients }: Entry,
    added: readonly FileRecipient[],
  ): string | undefined {
    const sender = bytesKey(file.senderId);
    let taken = 0;
    for (const recipient of added) {
      const name = bytesKey(recipient.recipientId);
      if (this.#recipients.has(name)) taken++;
      else {
        this.#recipients.set(name, sender);
        recipients.set(name, recipient);
      }
    }
    return taken === 0
      ? undefined
      : `${taken} of its recipients are there already`;
  }
}
