/**
 * `FGET`: content, encrypted for this one download with a key of its own
 * (simplexmq 6.5.5, `sendServerFile` in `Simplex.FileTransfer.Server` and
 * `sendEncFile` in `.Transport`).
 *
 * @module
 */

import {
  dh,
  generateX25519,
  NONCE_SIZE,
  randomBytes,
} from "../../crypto/mod.ts";
import { Http2Code, type Http2Stream } from "../../http2/mod.ts";
import { EMPTY } from "../../wire/mod.ts";
import { encryptContent } from "../encryption.ts";
import type { FileRecord } from "../file_store.ts";
import type { XftpResponse } from "../messages.ts";
import { refuse } from "./commands.ts";
import type { XftpContext } from "./context.ts";
import type { Slot } from "./slots.ts";

/** Content that is to follow the response; gives its file back in the end. */
export interface Download extends AsyncDisposable {
  /** Encrypted; a piece is valid until the next one. */
  readonly pieces: AsyncGenerator<Uint8Array, void, undefined>;
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
      async [Symbol.asyncDispose]() {
        await pieces.return();
        content[Symbol.dispose]();
      },
    },
  };
}

/**
 * Sends the content as fast as the client takes it, and ends the stream.
 *
 * @throws {Http2Error} when the client does not take it
 */
export async function sendContent(
  download: Download,
  { stream, slot }: { stream: Http2Stream; slot: Slot },
): Promise<void> {
  void slot.revoked.then(() => stream.reset(Http2Code.CANCEL));
  for await (const piece of download.pieces) {
    await stream.write(piece);
    slot.moved(piece.length);
  }
  await stream.write(EMPTY, { end: true });
}
