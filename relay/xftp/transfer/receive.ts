/**
 * Receiving a file: chunks are downloaded a few at a time, checked, decrypted
 * in their order and written. A few of them are in memory at a time. The file
 * gets its name when all of it is there and right.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { equalBytes } from "../../wire/mod.ts";
import {
  type FileChunk,
  type FileDescription,
  parseFileDescription,
} from "../description/mod.ts";
import { ContentError } from "../encryption.ts";
import { type DecryptedFile, decryptFile } from "../file_encryption.ts";
import { CHUNK_SIZES } from "../versions.ts";
import { TransferError } from "./error.ts";
import { inOrder } from "./in_order.ts";
import { IncomingFile } from "./incoming_file.ts";
import { Relays, type RelaysOptions } from "./relays.ts";
import { accessTo, useReplica } from "./replicas.ts";

/** Chunks that are downloaded at a time or wait for those before them. */
const DOWNLOADS = 4;
/** Chunks that are acknowledged at a time. */
const ACKNOWLEDGEMENTS = 8;
/** Largest chunk that is taken into memory, in bytes. */
const MAX_CHUNK = Math.max(...CHUNK_SIZES);
/** Largest description that another file's description may point to. */
const MAX_INNER_DESCRIPTION = 4 * 1024 * 1024;

/** How a file is received. */
export interface ReceiveOptions extends RelaysOptions {
  /** Where it is put, under the name that its sender gave it. */
  readonly directory: string;
  /** Called with the bytes that will come; again for a redirected file. */
  readonly onStart?: (size: number) => void;
  /** Bytes that came; negative when they have to come again. */
  readonly onProgress?: (bytes: number) => void;
}

/** A file that was received. */
export interface ReceivedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * False when a relay could not be told: it keeps the file until it expires.
   */
  readonly acknowledged: boolean;
}

/**
 * Receives a file and tells the relays so, after which the description is
 * used up. A file of the same name is not touched: this one gets another.
 *
 * @throws {TransferError} `content` when the file is not what the description
 * says, `relay` when a part of it cannot be had, `file` when it cannot be
 * written
 * @throws the reason of `signal`
 */
export async function receiveFile(
  description: FileDescription,
  options: ReceiveOptions,
): Promise<ReceivedFile> {
  await using relays = new Relays(options);
  const redirected = description.redirect !== undefined;
  const target = redirected
    ? await resolve(description, { relays, options })
    : description;
  const { path, size } = await download(target, {
    relays,
    options,
    take: (file) => save(file, options.directory),
  });
  const acknowledged = await acknowledge(target, relays);
  // A description may have been redirected to by several others.
  const all = !redirected || await acknowledge(description, relays);
  return { path, size, acknowledged: acknowledged && all };
}

interface Download<T> {
  readonly relays: Relays;
  readonly options: ReceiveOptions;
  /** Takes the decrypted file to its end. */
  readonly take: (file: DecryptedFile) => Promise<T>;
}

async function download<T>(
  description: FileDescription,
  { relays, options, take }: Download<T>,
): Promise<T> {
  check(description);
  options.onStart?.(description.size);
  try {
    await using file = await decryptFile(
      contentOf(description, { relays, options }),
      {
        secret: description.key,
        nonce: description.nonce,
        encryptedSize: description.size,
      },
    );
    return await take(file);
  } catch (cause) {
    if (!(cause instanceof ContentError)) throw cause;
    throw new TransferError(
      "content",
      "The file is not what its sender described: nothing was kept of it",
      { cause },
    );
  }
}

/** The description that a description leads to. */
async function resolve(
  description: FileDescription,
  { relays, options }: { relays: Relays; options: ReceiveOptions },
): Promise<FileDescription> {
  if (description.size > MAX_INNER_DESCRIPTION) throw unusable();
  const text = await download(description, { relays, options, take: readText });
  const inner = parseFileDescription(text);
  const { redirect } = description;
  const fits = inner.party === "recipient" && inner.redirect === undefined &&
    inner.size === redirect?.size && equalBytes(inner.digest, redirect.digest);
  if (!fits) throw unusable();
  return inner;
}

function check({ party, chunks }: FileDescription): void {
  if (party !== "recipient") {
    throw new TransferError(
      "content",
      "This is the sender's description: it deletes the file. To receive it " +
        "you need one of the recipients'.",
    );
  }
  if (chunks.some(({ size }) => size > MAX_CHUNK)) throw unusable();
}

function unusable(): TransferError {
  return new TransferError("content", "This is not a usable file description");
}

/** The encrypted file, checked against its digest at the end. */
async function* contentOf(
  { chunks, digest }: FileDescription,
  { relays, options }: { relays: Relays; options: ReceiveOptions },
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha512");
  const contents = inOrder(chunks, {
    limit: DOWNLOADS,
    run: (chunk) => downloadChunk(chunk, { relays, options }),
  });
  for await (const content of contents) {
    hash.update(content);
    yield content;
  }
  if (!equalBytes(hash.digest(), digest)) {
    throw new ContentError("CRYPTO", "The digest is another one");
  }
}

async function downloadChunk(
  chunk: FileChunk,
  { relays, options }: { relays: Relays; options: ReceiveOptions },
): Promise<Uint8Array> {
  return await useReplica(relays, chunk, async (client, replica) => {
    let done = 0;
    const onProgress = (bytes: number) => {
      done += bytes;
      options.onProgress?.(bytes);
    };
    try {
      return await client.download(accessTo(replica), chunk, { onProgress });
    } catch (error) {
      options.onProgress?.(-done);
      throw error;
    }
  });
}

async function save(
  { header, content }: DecryptedFile,
  directory: string,
): Promise<{ path: string; size: number }> {
  const file = await IncomingFile.create(directory, header.fileName);
  try {
    let size = 0;
    for await (const piece of content) {
      await file.write(piece);
      size += piece.length;
    }
    return { path: await file.finish(), size };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function readText({ content }: DecryptedFile): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of content) {
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Whether all relays know now that the file was received. */
async function acknowledge(
  { chunks }: FileDescription,
  relays: Relays,
): Promise<boolean> {
  const tasks = inOrder(chunks, {
    limit: ACKNOWLEDGEMENTS,
    run: async (chunk) => {
      try {
        await useReplica(
          relays,
          chunk,
          (client, replica) => client.acknowledge(accessTo(replica)),
        );
        return true;
      } catch (error) {
        if (error instanceof TransferError) return false;
        throw error;
      }
    },
  });
  let all = true;
  for await (const done of tasks) all &&= done;
  return all;
}
