/**
 * One upload: bytes go to a temporary file and through SHA-256 as they come.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Upload } from "../file_store.ts";
import { givePiece, PIECE_SIZE, takePiece } from "./content.ts";

/** What becomes of an upload in the end. */
export interface UploadEnd {
  /** Makes the content durable under its name. */
  readonly accept: (path: string) => Promise<"ok" | "AUTH" | "FILE_IO">;
  /** Removes what was written. */
  readonly discard: (path: string) => Promise<void>;
  /** Told why the disk refuses. */
  readonly onError: (error: unknown) => void;
}

/** What is uploaded, and where to. */
export interface UploadTarget {
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
  readonly path: string;
  readonly file: Deno.FsFile;
}

/** An upload into a file on disk. */
export class FileUpload implements Upload {
  readonly #target: UploadTarget;
  readonly #end: UploadEnd;
  readonly #hash = createHash("sha256");
  #piece: Uint8Array<ArrayBuffer> | undefined = takePiece();
  #filled = 0;
  #received = 0;
  #failed = false;
  #finished: Promise<void> | undefined;
  #writing: Promise<void> | undefined;

  constructor(target: UploadTarget, end: UploadEnd) {
    this.#target = target;
    this.#end = end;
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    this.#received += bytes.length;
    if (this.#received > this.#target.size) this.#failed = true;
    for (let at = 0; at < bytes.length && this.#piece && !this.#failed;) {
      const part = bytes.subarray(at, at + PIECE_SIZE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PIECE_SIZE) await this.#flush();
    }
    return !this.#failed && this.#finished === undefined;
  }

  async commit(): Promise<"ok" | "SIZE" | "DIGEST" | "FILE_IO" | "AUTH"> {
    const { size, digest, path, file } = this.#target;
    if (this.#received !== size) {
      await this.abort();
      return "SIZE";
    }
    await this.#flush();
    if (this.#failed || this.#finished !== undefined) {
      await this.abort();
      return "FILE_IO";
    }
    const actual = this.#hash.digest();
    if (digest.length !== actual.length || !timingSafeEqual(actual, digest)) {
      await this.abort();
      return "DIGEST";
    }
    const done = Promise.withResolvers<void>();
    this.#finished = done.promise;
    try {
      try {
        await file.sync();
      } finally {
        this.#release();
      }
      return await this.#end.accept(path);
    } catch (error) {
      this.#end.onError(error);
      await this.#discard();
      return "FILE_IO";
    } finally {
      done.resolve();
    }
  }

  abort(): Promise<void> {
    return this.#finished ??= this.#abort();
  }

  async #abort(): Promise<void> {
    await this.#writing;
    this.#release();
    await this.#discard();
  }

  async #discard(): Promise<void> {
    try {
      await this.#end.discard(this.#target.path);
    } catch (error) {
      this.#end.onError(error);
    }
  }

  #flush(): Promise<void> {
    return this.#writing = this.#writePiece();
  }

  async #writePiece(): Promise<void> {
    if (this.#piece === undefined || this.#failed) return;
    const bytes = this.#piece.subarray(0, this.#filled);
    try {
      this.#hash.update(bytes);
      for (let at = 0; at < bytes.length;) {
        at += await this.#target.file.write(at ? bytes.subarray(at) : bytes);
      }
      this.#filled = 0;
    } catch (error) {
      this.#failed = true;
      this.#end.onError(error);
    }
  }

  #release(): void {
    if (this.#piece === undefined) return;
    givePiece(this.#piece);
    this.#piece = undefined;
    this.#target.file.close();
  }
}
