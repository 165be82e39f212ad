/**
 * `FGET`: content, encrypted for this one download with a key of its own
 * (simplexmq 6.5.5, `sendServerFile` in `Simplex.FileTransfer.Server` and
 * `sendEncFile` in `.Transport`).
 *
 * @module
 */

import type { ServerHttp2Stream } from "node:http2";
import {
  dh,
  generateX25519,
  NONCE_SIZE,
  randomBytes,
} from "../../crypto/mod.ts";
import { encryptContent } from "../encryption.ts";
import type { FileRecord } from "../file_store.ts";
import type { XftpResponse } from "../messages.ts";
import { refuse } from "./commands.ts";
import type { XftpContext } from "./context.ts";

/** Content that is to follow the response. */
export interface Download {
  /** Encrypted; a piece is valid until the next one. */
  readonly pieces: AsyncGenerator<Uint8Array, void, undefined>;
  /** Gives the file back; to be called in any case. */
  close(): Promise<void>;
}

/** Opens the content for a recipient with this X25519 key, raw. */
export async function beginDownload(
  { files, statistics }: XftpContext,
  file: FileRecord,
  dhKey: Uint8Array,
): Promise<{ response: XftpResponse; download?: Download }> {
  if (!file.uploaded) return { response: refuse("NO_FILE") };
  const { publicKey, privateKey } = generateX25519();
  const secret = dh(dhKey, privateKey);
  // A key of low order protects nothing; no client makes one by accident.
  if (secret === undefined) return { response: refuse("INTERNAL") };
  const content = await files.read(file.senderId);
  if (content === undefined) return { response: refuse("AUTH") };
  const nonce = randomBytes(NONCE_SIZE);
  statistics.add("fileDownloads");
  statistics.fileDownloaded(file.senderId);
  const pieces = encryptContent(content, { secret, nonce });
  return {
    response: { tag: "FILE", relayDhKey: publicKey, nonce },
    download: {
      pieces,
      async close() {
        await pieces.return();
        content[Symbol.dispose]();
      },
    },
  };
}

/** Where a download goes. */
export interface DownloadTarget {
  readonly stream: ServerHttp2Stream;
  /** Resolves when the connection has room for more. */
  readonly taken: () => Promise<void>;
  /** How long the client may take nothing, in milliseconds. */
  readonly stallMs: number;
}

/** Sends the content as fast as the client takes it, and ends the stream. */
export async function sendContent(
  download: Download,
  { stream, taken, stallMs }: DownloadTarget,
): Promise<void> {
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for await (const piece of download.pieces) {
      clearTimeout(timer);
      if (stream.destroyed) return;
      timer = setTimeout(() => stream.destroy(), stallMs);
      const written = new Promise<void>((resolve) =>
        stream.write(piece, () => resolve())
      );
      await Promise.race([written, closed]);
      await taken();
    }
    stream.end();
  } finally {
    clearTimeout(timer);
    await download.close();
  }
}
