/**
 * Reads a backup from front to end and checks all of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { BackupError } from "./error.ts";
import {
  type BackupHeader,
  DAMAGED,
  DATA_PREFIX,
  HEADER_NAME,
  isBackupName,
  MANIFEST_NAME,
  type ManifestFile,
  MAX_HEADER,
  MAX_MANIFEST,
  newer,
  parseHeader,
  parseManifest,
} from "./format.ts";
import { AGE_MAGIC, type OpeningKeys, unlock } from "./keys.ts";
import { type TarEntry, TarReader } from "./tar.ts";

/** Where the files of a backup go while it is read. */
export interface BackupSink {
  /** A file of the data directory: its name below it, and its content. */
  file(
    entry: TarEntry,
    content: AsyncIterable<Uint8Array>,
  ): Promise<void>;
}

/** What was read of a backup, and is as it was written. */
export interface BackupContents {
  readonly header: BackupHeader;
  readonly files: readonly ManifestFile[];
}

/** How a backup is read. */
export interface ReadBackupOptions {
  readonly keys: OpeningKeys;
  readonly sink: BackupSink;
  /** Highest version of the database's layout that is known here. */
  readonly store: number;
  /** Told of each piece that was read, in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads the backup at `path`. Only when this resolves is it known that what
 * the sink got is whole.
 *
 * @throws {BackupError}
 */
export async function readBackup(
  path: string,
  { keys, sink, store, onBytes = () => {} }: ReadBackupOptions,
): Promise<BackupContents> {
  using file = await openBackup(path);
  const plain = await unlock(piecesOf(file, onBytes), keys);
  const reader = new TarReader(plain);
  try {
    return await readArchive(reader, { sink, store });
  } catch (cause) {
    await reader.cancel().catch(() => {/* It has failed already. */});
    // The encryption finds out whatever is not as it was.
    if (cause instanceof BackupError || isOfSystem(cause)) throw cause;
    throw new BackupError(DAMAGED, { cause });
  }
}

async function readArchive(
  reader: TarReader,
  { sink, store }: Pick<ReadBackupOptions, "sink" | "store">,
): Promise<BackupContents> {
  const first = await reader.next();
  if (first?.name !== HEADER_NAME) throw new BackupError(DAMAGED);
  const header = parseHeader(await textOf(reader, first, MAX_HEADER));
  if (header.store > store) throw newer(header.version);
  const seen = new Map<string, ManifestFile>();
  for (;;) {
    const entry = await reader.next();
    if (entry === undefined) throw new BackupError(DAMAGED);
    if (entry.name === MANIFEST_NAME) {
      const manifest = await textOf(reader, entry, MAX_MANIFEST);
      const files = parseManifest(manifest);
      // Reads to the very end.
      const isEnd = await reader.next() === undefined;
      const isSame = files.length === seen.size && files.every((file) => {
        const { size, sha256 } = seen.get(file.name) ?? {};
        return size === file.size && sha256 === file.sha256;
      });
      if (!isEnd || !isSame) throw new BackupError(DAMAGED);
      return { header, files };
    }
    const { name, size } = entry;
    const isGood = isBackupName(name) && name.startsWith(DATA_PREFIX) &&
      !seen.has(name);
    if (!isGood) throw new BackupError(DAMAGED);
    const hash = createHash("sha256");
    const content = hashed(reader.content(entry), hash);
    await sink.file({ name: name.slice(DATA_PREFIX.length), size }, content);
    seen.set(name, { name, size, sha256: hash.digest("hex") });
  }
}

async function* hashed(
  content: AsyncIterable<Uint8Array>,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
}

async function textOf(
  reader: TarReader,
  entry: TarEntry,
  limit: number,
): Promise<string> {
  if (entry.size > limit) throw new BackupError(DAMAGED);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of reader.content(entry)) {
    pieces.push(new Uint8Array(piece));
  }
  return await new Blob(pieces).text();
}

/** Opens the file, if it begins as a backup does. */
async function openBackup(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(`Cannot read ${path} (${reason}).`, { cause });
  }
  try {
    const start = new Uint8Array(AGE_MAGIC.length);
    const count = await file.read(start);
    if (
      count !== start.length || new TextDecoder().decode(start) !== AGE_MAGIC
    ) {
      throw new BackupError(
        `${path} is no backup of Porchlight. Nothing was changed.`,
      );
    }
    await file.seek(0, Deno.SeekMode.Start);
    return file;
  } catch (error) {
    file.close();
    if (error instanceof BackupError) throw error;
    throw new BackupError(`Cannot read ${path}.`, { cause: error });
  }
}

/** Most bytes of the header of the age format that are looked through. */
const MAX_AGE_HEADER = 64 * 1024;

/** The file in pieces. The header of the format ends with a line of `---`. */
function piecesOf(
  file: Deno.FsFile,
  onBytes: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  let first = true;
  return new ReadableStream({
    async pull(controller) {
      const buffer = new Uint8Array(256 * 1024);
      const count = await file.read(buffer);
      if (count === null) {
        controller.close();
        return;
      }
      const piece = buffer.subarray(0, count);
      // The header is read to its end, wherever that is.
      if (first && !hasHeaderEnd(piece)) {
        controller.error(new BackupError(DAMAGED));
        return;
      }
      first = false;
      onBytes(count);
      controller.enqueue(piece);
    },
  });
}

function hasHeaderEnd(piece: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(
    piece.subarray(0, MAX_AGE_HEADER),
  );
  return /\n--- [^\n]*\n/.test(text);
}

/** A full disk, a missing right: it says itself what it is. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error &&
    ("code" in error ||
      Object.values(Deno.errors).some((kind) => error instanceof kind));
}
