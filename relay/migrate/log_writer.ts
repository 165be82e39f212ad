/**
 * Writes a log line by line, under another name until it is whole.
 *
 * @module
 */

import { Buffer } from "node:buffer";

const BUFFER_SIZE = 1024 * 1024;

/** A new file of mode 0600. */
export class LogWriter implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #buffer = Buffer.alloc(BUFFER_SIZE);
  #used = 0;
  #finished = false;

  /** Begins a file that will be at `path`. Throws the errors of `Deno.openSync`. */
  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(`${path}.writing`, {
      create: true,
      truncate: true,
      write: true,
      mode: 0o600,
    });
  }

  /** Adds a line, in which each character is a byte. */
  write(line: string): void {
    const size = line.length + 1;
    if (this.#used + size > BUFFER_SIZE) this.#flush();
    if (size > BUFFER_SIZE) {
      throw new RangeError("Cannot write a line that is longer than a buffer");
    }
    this.#buffer.write(line, this.#used, "latin1");
    this.#buffer[this.#used + size - 1] = 10;
    this.#used += size;
  }

  /** Puts the file on disk, under its name. */
  finish(): void {
    this.#flush();
    this.#file.syncSync();
    Deno.renameSync(`${this.#path}.writing`, this.#path);
    this.#finished = true;
  }

  /** Removes a file that was not finished. */
  [Symbol.dispose](): void {
    this.#file.close();
    if (!this.#finished) Deno.removeSync(`${this.#path}.writing`);
  }

  #flush(): void {
    for (let at = 0; at < this.#used;) {
      at += this.#file.writeSync(this.#buffer.subarray(at, this.#used));
    }
    this.#used = 0;
  }
}
