/**
 * Execution of authorized commands (simplexmq 6.5.5, `processXFTPRequest` in
 * `Simplex.FileTransfer.Server`).
 *
 * @module
 */

import { type AuthKey, randomBytes } from "../../crypto/mod.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { FileRecipient, FileRecord, Upload } from "../file_store.ts";
import type { XftpCommand, XftpError, XftpResponse } from "../messages.ts";
import type { XftpContext } from "./context.ts";
import type { RequestBody } from "./request_body.ts";
import type { Slot } from "./slots.ts";

/** Bytes of a sender or recipient ID. */
const ID_SIZE = 16;
/** Times to look for an ID that is free. */
const ID_TRIES = 3;
/** Seconds to which times of files are rounded (`fileTimePrecision`). */
export const TIME_PRECISION = 3600;

type NewFile = Extract<XftpCommand, { tag: "FNEW" }>;

/** `FNEW` */
export async function createFile(
  context: XftpContext,
  command: NewFile,
): Promise<XftpResponse> {
  const { options, files, statistics, now } = context;
  const own = options.share?.isOwn(command.basicAuth) ?? false;
  if (!mayCreate(context, command, own)) return refuse("AUTH");
  if (options.share?.full && !own) return refuse("QUOTA");
  const { file: { senderKey, size, digest }, recipientKeys } = command;
  if (!options.chunkSizes.includes(size)) return refuse("SIZE");
  const seconds = Math.floor(now() / 1000);
  for (let turn = 0; turn < ID_TRIES; turn++) {
    const senderId = randomBytes(ID_SIZE);
    const recipients = newRecipients(recipientKeys);
    const result = await files.add({
      senderId,
      senderKey: senderKey.spki,
      size,
      digest,
      createdAt: seconds - seconds % TIME_PRECISION,
    }, recipients);
    if (result === "full") return refuse("QUOTA");
    if (result === "duplicate") continue;
    statistics.add("filesCreated");
    statistics.add("fileRecipients", recipients.length);
    return { tag: "SIDS", senderId, recipientIds: idsOf(recipients) };
  }
  return refuse("INTERNAL");
}

/** `FADD` */
export async function addRecipients(
  { files, statistics }: XftpContext,
  file: FileRecord,
  recipientKeys: readonly AuthKey[],
): Promise<XftpResponse> {
  for (let turn = 0; turn < ID_TRIES; turn++) {
    const recipients = newRecipients(recipientKeys);
    const result = await files.addRecipients(file.senderId, recipients);
    if (result === "full") return refuse("QUOTA");
    if (result === "missing") return refuse("AUTH");
    if (result === "duplicate") continue;
    statistics.add("fileRecipients", recipients.length);
    return { tag: "RIDS", recipientIds: idsOf(recipients) };
  }
  return refuse("INTERNAL");
}

/** `FPUT`: what follows the block is the content. */
export async function receiveFile(
  context: XftpContext,
  file: FileRecord,
  { body, owner }: { body: RequestBody; owner: object },
): Promise<XftpResponse> {
  // What is there already does not change; but a client waits for an answer
  // only after it has sent everything.
  const { uploadTimeoutMs } = context.options;
  if (file.uploaded) {
    return await body.within(uploadTimeoutMs, () => skipContent(file, body));
  }
  const request = { owner, waitMs: uploadTimeoutMs, gone: body.closed };
  const response = await context.uploads.run(request, async (slot) => {
    const upload = await context.files.upload(file.senderId);
    switch (upload) {
      case "missing":
        return refuse("AUTH");
      case "quota":
        return refuse("QUOTA");
      case "io":
        return refuse("FILE_IO");
    }
    const result = await receiveContent(upload, body, {
      slot,
      timeoutMs: uploadTimeoutMs,
    });
    if (result !== "ok") return refuse(result);
    context.statistics.add("filesUploaded");
    return OK;
  });
  return response === "busy" ? refuse("TIMEOUT") : response;
}

async function receiveContent(
  upload: Upload,
  body: RequestBody,
  { slot, timeoutMs }: { slot: Slot; timeoutMs: number },
) {
  const late = Promise.withResolvers<"TIMEOUT">();
  const timer = setTimeout(() => late.resolve("TIMEOUT"), timeoutMs);
  void slot.revoked.then(() => late.resolve("TIMEOUT"));
  try {
    for (;;) {
      const piece = await Promise.race([body.next(), late.promise]);
      if (piece === "TIMEOUT") return piece;
      if (piece === undefined) return await upload.commit();
      slot.moved(piece.length);
      if (!await upload.write(piece)) return await upload.commit();
    }
  } finally {
    clearTimeout(timer);
    await upload.abort();
  }
}

async function skipContent(
  { size }: FileRecord,
  body: RequestBody,
): Promise<XftpResponse> {
  let left = size;
  while (left > 0) {
    const piece = await body.next();
    if (piece === undefined || piece.length > left) return refuse("SIZE");
    left -= piece.length;
  }
  return OK;
}

/** `FDEL` */
export async function deleteFile(
  { files, statistics }: XftpContext,
  file: FileRecord,
): Promise<XftpResponse> {
  if (!await files.delete(file.senderId)) return refuse("AUTH");
  statistics.add("filesDeleted");
  return OK;
}

/** `FACK` */
export async function acknowledge(
  { files, statistics }: XftpContext,
  recipientId: Uint8Array,
): Promise<XftpResponse> {
  await files.deleteRecipient(recipientId);
  statistics.add("fileDownloadAcks");
  return OK;
}

/** An `ERR` without further words. */
export function refuse(
  type: Exclude<XftpError["type"], "CMD" | "BLOCKED">,
): XftpResponse {
  return { tag: "ERR", error: { type } };
}

const OK: XftpResponse = { tag: "OK" };

function mayCreate(
  { options }: XftpContext,
  { basicAuth }: NewFile,
  own: boolean,
): boolean {
  if (!options.newFiles) return false;
  if (options.createPassword === undefined || own) return true;
  return basicAuth !== undefined &&
    equalBytes(basicAuth, options.createPassword);
}

function newRecipients(keys: readonly AuthKey[]): FileRecipient[] {
  return keys.map((key) => ({
    recipientId: randomBytes(ID_SIZE),
    key: key.spki,
  }));
}

function idsOf(recipients: readonly FileRecipient[]): Uint8Array[] {
  return recipients.map(({ recipientId }) => recipientId);
}
