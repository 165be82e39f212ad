/**
 * A file that is being received: under a name of its own until it is complete.
 * No file that is there already is touched.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { extname, join } from "node:path";
import { syncDirectory } from "../../files.ts";

/** Longest name that file systems take, in bytes of UTF-8. */
const MAX_NAME = 255;
/** Room for what {@link IncomingFile} adds to a name. */
const ADDED = 32;
/** Names that are tried: "a.txt", "a_1.txt", … */
const MAX_NAMES = 10_000;

/**
 * A name that the sender gave, as a name in a directory: without folders, not
 * hidden, without characters that a terminal takes for commands or that turn
 * the direction of writing (which make "exe.txt" of "txt.exe").
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .trim()
    .replace(/^\.+/, "_")
    .replace(/[. ]+$/, "");
  return clean === "" || clean === "_" ? "file" : shorten(clean);
}

function shorten(name: string): string {
  const encoder = new TextEncoder();
  const extension = extname(name).slice(0, 20);
  let stem = name.slice(0, name.length - extension.length);
  while (encoder.encode(stem + extension).length > MAX_NAME - ADDED) {
    // By characters, so that none is cut in half.
    stem = Array.from(stem).slice(0, -1).join("");
  }
  return stem + extension;
}

/** A file that takes its name when it is complete. */
export class IncomingFile {
  readonly #file: Deno.FsFile;
  readonly #part: string;
  readonly #directory: string;
  readonly #name: string;

  private constructor(
    file: Deno.FsFile,
    place: { part: string; directory: string; name: string },
  ) {
    this.#file = file;
    this.#part = place.part;
    this.#directory = place.directory;
    this.#name = place.name;
  }

  /**
   * Begins a file.
   *
   * @param name from the sender: it is made safe first
   * @throws the errors of `Deno.open`
   */
  static async create(directory: string, name: string): Promise<IncomingFile> {
    const safe = safeFileName(name);
    const random = randomBytes(6).toString("hex");
    const part = join(directory, `.${safe}.${random}.part`);
    const file = await Deno.open(part, { write: true, createNew: true });
    return new IncomingFile(file, { part, directory, name: safe });
  }

  /** Appends. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#file.write(bytes.subarray(done));
    }
  }

  /** Makes the file durable and gives it its name; resolves with its path. */
  async finish(): Promise<string> {
    await this.#file.sync();
    const path = await this.#takeName();
    await Deno.rename(this.#part, path);
    this.#file.close();
    await syncDirectory(this.#directory);
    return path;
  }

  /** Removes what is there. */
  async discard(): Promise<void> {
    this.#file.close();
    await Deno.remove(this.#part);
  }

  /** Makes an empty file under the first name that is free. */
  async #takeName(): Promise<string> {
    const extension = extname(this.#name);
    const stem = this.#name.slice(0, this.#name.length - extension.length);
    for (let number = 0; number < MAX_NAMES; number++) {
      const suffix = number === 0 ? "" : `_${number}`;
      const path = join(this.#directory, `${stem}${suffix}${extension}`);
      try {
        (await Deno.open(path, { write: true, createNew: true })).close();
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
    throw new Deno.errors.AlreadyExists(
      `${this.#name}, and every name like it, is taken`,
    );
  }
}
