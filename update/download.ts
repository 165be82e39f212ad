/**
 * Fetching one file whose size and hash are known, also in several goes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { UpdateError } from "./error.ts";
import { ignoreMissing } from "./layout.ts";

/** A file to fetch. */
export interface Wanted {
  readonly url: string;
  /** Bytes. */
  readonly length: number;
  /** Hexadecimal, small letters. */
  readonly sha256: string;
}

/** How it is fetched. */
export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Goes that bring nothing before it is given up; 3 unless given. */
  readonly tries?: number;
  /** How long nothing may come, in milliseconds; 60 seconds unless given. */
  readonly stallMs?: number;
}

/** Pause before another go, in milliseconds, times its number. */
const PAUSE_MS = 500;

/**
 * Fetches it to `path`. What is there already counts as its beginning, and
 * stays there where it breaks off. When the promise resolves, the right file
 * is on disk.
 *
 * @throws {UpdateError} `unreachable`, `untrusted` (the file is removed) or
 * `no room` (the file is removed)
 */
export async function download(
  wanted: Wanted,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { tries = 3, signal } = options;
  let failed = 0;
  let fault: unknown;
  while (await sizeOf(path) < wanted.length) {
    const before = await sizeOf(path);
    try {
      await fetchRest(wanted, path, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (isFull(error)) {
        await Deno.remove(path).catch(ignoreMissing);
        throw new UpdateError("no room", "The disk is full.", {
          cause: error,
          remedy: "Make room; the update is tried again by itself.",
        });
      }
      fault = error;
    }
    if (await sizeOf(path) > before) failed = 0;
    else if (++failed >= tries) {
      throw new UpdateError(
        "unreachable",
        "The new version could not be fetched; the rest is fetched the next " +
          "time.",
        { cause: fault },
      );
    } else {
      await new Promise((resolve) => setTimeout(resolve, failed * PAUSE_MS));
    }
  }
  if (await sha256Of(path) === wanted.sha256) return;
  await Deno.remove(path);
  throw new UpdateError(
    "untrusted",
    "The new version is not the file that was signed. It was thrown away.",
    {
      remedy: "If that happens again, tell the project: its server, or the " +
        "way to it, may be in the wrong hands.",
    },
  );
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

/** One go: asks for what is missing and appends what comes. */
async function fetchRest(
  { url, length }: Wanted,
  path: string,
  { signal, stallMs = 60_000 }: DownloadOptions,
): Promise<void> {
  const stalled = new AbortController();
  const timer = new Timer(
    stallMs,
    () => stalled.abort(new Error("Nothing came for a long time.")),
  );
  const either = signal === undefined
    ? stalled.signal
    : AbortSignal.any([signal, stalled.signal]);
  try {
    const have = await sizeOf(path);
    const response = await fetch(url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      signal: either,
    });
    const goesOn = response.status === 206 && have > 0 &&
      startOf(response.headers.get("content-range")) === have;
    if (response.body === null || (!goesOn && response.status !== 200)) {
      await response.body?.cancel();
      throw new Error(`The server answers ${response.status}.`);
    }
    using file = await Deno.open(path, {
      write: true,
      create: true,
      append: goesOn,
      truncate: !goesOn,
      mode: 0o600,
    });
    let size = goesOn ? have : 0;
    for await (const chunk of response.body) {
      timer.again();
      const more = chunk.subarray(0, length - size);
      for (let done = 0; done < more.length;) {
        done += await file.write(more.subarray(done));
      }
      size += more.length;
      if (size === length) break;
    }
    await file.sync();
  } finally {
    timer.stop();
  }
}

/** Calls once, when it was not begun again for so long. */
class Timer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly ms: number, readonly late: () => void) {
    this.again();
  }

  again(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.late, this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** `bytes 100-199/200` begins at 100 (RFC 9110, 14.4). */
function startOf(contentRange: string | null): number | undefined {
  const match = /^bytes (\d{1,15})-/.exec(contentRange ?? "");
  return match === null ? undefined : Number(match[1]);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT");
}
