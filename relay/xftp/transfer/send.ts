/**
 * Sending a file: it is encrypted and cut into chunks as it is read, and the
 * chunks go to relays. A few of them are in memory at a time, and nothing is
 * written to the disk.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { NONCE_SIZE, randomBytes } from "../../crypto/mod.ts";
import type { ServerAddress } from "../../smp/mod.ts";
import { type FileDescription, prepareChunkSizes } from "../description/mod.ts";
import { encryptFile, minimalEncryptedSize } from "../file_encryption.ts";
import type { ChunkAccess } from "../client/mod.ts";
import { TransferError } from "./error.ts";
import { Parallel } from "./parallel.ts";
import { Relays, type RelaysOptions } from "./relays.ts";
import { type SentChunk, Uploader } from "./upload.ts";

/** Chunks that are uploaded at a time; another one is being encrypted. */
const UPLOADS = 4;
const READ_SIZE = 256 * 1024;
const KEY_SIZE = 32;

/** Largest file, in bytes (`maxFileSizeHard` in the reference). */
export const MAX_FILE_SIZE = 5 * 1024 ** 3;

/** What is sent, and where to. */
export interface SendOptions extends RelaysOptions {
  /** At least one; each chunk goes to one of them. */
  readonly servers: readonly ServerAddress[];
  /** How many can receive the file: each with a description of their own. */
  readonly recipients: number;
  /** Called with the bytes that will go. */
  readonly onStart?: (size: number) => void;
  /** Bytes that went; negative when they have to go again. */
  readonly onProgress?: (bytes: number) => void;
}

/** The descriptions of a file that is on its relays: all are secrets. */
export interface SentFile {
  /** For its sender, to delete it. */
  readonly sender: FileDescription;
  /** One for each recipient. */
  readonly recipients: readonly FileDescription[];
}

/**
 * Sends a file. When that fails what was uploaded is deleted again.
 *
 * @throws {TransferError} `file` when it cannot be read or is too large,
 * `relay` when no relay takes it
 * @throws the reason of `signal`
 */
export async function sendFile(
  path: string,
  options: SendOptions,
): Promise<SentFile> {
  using file = await openFile(path);
  const header = { fileName: basename(path) };
  const { size: contentSize } = file;
  const sizes = prepareChunkSizes(
    minimalEncryptedSize(header, contentSize),
  );
  const size = sizes.reduce((sum, each) => sum + each, 0);
  options.onStart?.(size);
  const key = randomBytes(KEY_SIZE);
  const nonce = randomBytes(NONCE_SIZE);
  const encrypted = encryptFile(file.pieces(), {
    header,
    secret: key,
    nonce,
    contentSize,
    encryptedSize: size,
  });
  const relays = new Relays(options);
  const uploader = new Uploader({ ...options, relays });
  try {
    const { chunks, digest } = await uploadAll(cut(encrypted, sizes), uploader);
    uploader.keep(chunks);
    return describe(chunks, { size, digest, key, nonce });
  } finally {
    // Uploads that are still under way after a failure end with their relays.
    await relays[Symbol.asyncDispose]();
    await encrypted.return();
    // Not broken off by what broke off the transfer.
    await using others = new Relays({ ...options, ...CLEANING });
    await uploader.discard(others);
  }
}

function describe(
  chunks: readonly SentChunk[],
  file: Pick<FileDescription, "size" | "digest" | "key" | "nonce">,
): SentFile {
  const description = (
    party: FileDescription["party"],
    accessTo: (chunk: SentChunk) => ChunkAccess,
  ): FileDescription => ({
    party,
    ...file,
    chunkSize: chunks[0].size,
    chunks: chunks.map((chunk, i) => {
      const { id, key } = accessTo(chunk);
      const server = { ...chunk.server, password: undefined };
      return {
        number: i + 1,
        size: chunk.size,
        digest: chunk.digest,
        replicas: [{ server, replicaId: id, replicaKey: key }],
      };
    }),
  });
  return {
    sender: description("sender", ({ sender }) => sender),
    recipients: chunks[0].recipients.map((_, i) =>
      description("recipient", ({ recipients }) => recipients[i])
    ),
  };
}

/** How chunks are deleted that nobody wants: not at any price. */
const CLEANING = { signal: undefined, attempts: 2, timeoutMs: 10_000 };

async function uploadAll(
  contents: AsyncIterable<Uint8Array>,
  uploader: Uploader,
): Promise<{ chunks: SentChunk[]; digest: Uint8Array }> {
  const chunks: SentChunk[] = [];
  const hash = createHash("sha512");
  const uploads = new Parallel(UPLOADS);
  let count = 0;
  for await (const content of contents) {
    hash.update(content);
    const index = count++;
    await uploads.room();
    uploads.start(async () => {
      chunks[index] = await uploader.upload(content);
    });
  }
  await uploads.done();
  return { chunks, digest: hash.digest() };
}

/** The bytes of all pieces, cut into new arrays of these sizes. */
async function* cut(
  pieces: AsyncIterable<Uint8Array>,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const [...left] = sizes;
  let chunk = new Uint8Array(left.shift() ?? 0);
  let filled = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      const taken = rest.subarray(0, chunk.length - filled);
      chunk.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled < chunk.length) continue;
      yield chunk;
      chunk = new Uint8Array(left.shift() ?? 0);
      filled = 0;
    }
  }
}

/** A file to read once from beginning to end. */
interface SourceFile extends Disposable {
  readonly size: number;
  pieces(): AsyncGenerator<Uint8Array, void, undefined>;
}

async function openFile(path: string): Promise<SourceFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "There is no such file"
      : "The file cannot be read";
    throw new TransferError("file", `${why}: ${path}`, { cause });
  }
  try {
    const { isFile, size } = await file.stat();
    if (!isFile) {
      throw new TransferError("file", `Only files can be sent: ${path}`);
    }
    if (size > MAX_FILE_SIZE - 1024 * 1024) {
      throw new TransferError(
        "file",
        "The file is too large: SimpleX takes no files above 5 GB",
      );
    }
    return {
      size,
      pieces: () => readPieces(file),
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function* readPieces(
  file: Deno.FsFile,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(READ_SIZE);
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
