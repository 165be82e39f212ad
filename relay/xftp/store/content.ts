/**
 * Content of files on disk: one file each in a folder of their own (mode 0700;
 * the files 0600), under the sender ID in base64url as in the reference
 * (`receiveServerFile` in `Simplex.FileTransfer.Server`). What is being
 * uploaded has a name that ends in `.tmp`.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { FileContent } from "../file_store.ts";
import { syncDirectory } from "../../files.ts";

/** End of the name of what is being uploaded. */
export const UPLOAD_SUFFIX = ".tmp";

/** End of the name of what is being deleted. */
const HIDDEN_SUFFIX = `.deleted${UPLOAD_SUFFIX}`;

/** Name of a file's content. */
export function contentName(senderId: Uint8Array): string {
  return senderId.toBase64({ alphabet: "base64url" });
}

/** The sender ID that a name is made of, or `undefined`. */
export function idOfContent(name: string): Uint8Array | undefined {
  try {
    const id = Uint8Array.fromBase64(name, { alphabet: "base64url" });
    return contentName(id) === name ? id : undefined;
  } catch {
    return undefined;
  }
}

/** What is in the folder, by names. */
export interface FolderList {
  /** Complete contents. */
  readonly contents: Set<string>;
  /** Contents that are being deleted, by the names that they had. */
  readonly hidden: readonly string[];
  /** Uploads that were cut off, by the names that they have. */
  readonly temporary: readonly string[];
}

/** The folder with the content. */
export class ContentFolder {
  readonly path: string;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder if it is not there. */
  static async open(path: string): Promise<ContentFolder> {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    await Deno.chmod(path, 0o700);
    return new ContentFolder(path);
  }

  /** Name of a file's content in the folder. */
  static nameOf(senderId: Uint8Array): string {
    return contentName(senderId);
  }

  /** Path of a file's content. */
  pathOf(senderId: Uint8Array): string {
    return join(this.path, ContentFolder.nameOf(senderId));
  }

  /** Makes an empty file with a temporary name. */
  async create(
    senderId: Uint8Array,
  ): Promise<{ path: string; file: Deno.FsFile }> {
    const suffix = randomBytes(6).toString("hex");
    const path = `${this.pathOf(senderId)}.${suffix}${UPLOAD_SUFFIX}`;
    const file = await Deno.open(path, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    return { path, file };
  }

  /** Removes a file if it is there. */
  async remove(path: string): Promise<boolean> {
    try {
      await Deno.remove(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Makes names durable; calls at the same time share one fsync. */
  sync(): Promise<void> {
    if (this.#syncing === undefined) return this.#startSync();
    return this.#nextSync ??= this.#syncing
      .catch(() => {/* Whoever asked for that one is told. */})
      .then(() => {
        this.#nextSync = undefined;
        return this.#startSync();
      });
  }

  /** Path of what has this name. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Everything in it, but what the relay cannot have put there. */
  async list(): Promise<FolderList> {
    const contents = new Set<string>();
    const hidden: string[] = [];
    const temporary: string[] = [];
    for await (const { name, isFile } of Deno.readDir(this.path)) {
      if (!isFile) continue;
      if (name.endsWith(HIDDEN_SUFFIX)) {
        hidden.push(name.slice(0, -HIDDEN_SUFFIX.length));
      } else if (name.endsWith(UPLOAD_SUFFIX)) temporary.push(name);
      else if (idOfContent(name) !== undefined) contents.add(name);
    }
    return { contents, hidden, temporary };
  }

  /**
   * Gives a content the name of one that is being deleted, which a crash may
   * leave; false when it is not there.
   */
  async hide(name: string): Promise<boolean> {
    try {
      await Deno.rename(this.at(name), this.at(name + HIDDEN_SUFFIX));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Takes {@link hide} back. */
  async show(name: string): Promise<void> {
    await Deno.rename(this.at(name + HIDDEN_SUFFIX), this.at(name));
  }

  /** Removes a content that was hidden. */
  removeHidden(name: string): Promise<boolean> {
    return this.remove(this.at(name + HIDDEN_SUFFIX));
  }

  #startSync(): Promise<void> {
    const sync = syncDirectory(this.path).finally(() => {
      if (this.#syncing === sync) this.#syncing = undefined;
    });
    return this.#syncing = sync;
  }
}

/** Size of the pieces in which content is written and read, bytes. */
export const PIECE_SIZE = 64 * 1024;
const MAX_SPARE = 128;
const spare: Uint8Array<ArrayBuffer>[] = [];

/** A buffer of {@link PIECE_SIZE} bytes with anything in it. */
export function takePiece(): Uint8Array<ArrayBuffer> {
  return spare.pop() ?? new Uint8Array(PIECE_SIZE);
}

/** Gives a buffer back that nobody uses any more. */
export function givePiece(piece: Uint8Array<ArrayBuffer>): void {
  if (spare.length < MAX_SPARE) spare.push(piece);
}

/** Content of `size` bytes in an open file, read in pieces. */
export class ContentFile implements FileContent {
  readonly #file: Deno.FsFile;
  readonly #size: number;
  #open = true;

  constructor(file: Deno.FsFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    const piece = takePiece();
    try {
      for (let at = 0; at < this.#size;) {
        const wanted = Math.min(PIECE_SIZE, this.#size - at);
        const count = await this.#file.read(piece.subarray(0, wanted));
        if (count === null) {
          throw new Error("The content of a file is too short");
        }
        at += count;
        yield piece.subarray(0, count);
      }
    } finally {
      givePiece(piece);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}
