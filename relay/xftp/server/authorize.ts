/**
 * Whether a command may be executed, and on which file (simplexmq 6.5.5,
 * `verifyXFTPTransmission` in `Simplex.FileTransfer.Server`). `AUTH` takes the
 * same time whether the file does not exist or the authorization is wrong.
 *
 * @module
 */

import {
  type AuthKey,
  decodeAuthKey,
  generateAuthKeyPair,
} from "../../crypto/mod.ts";
import { verifyAuthorization } from "../../smp/mod.ts";
import { EMPTY } from "../../wire/mod.ts";
import type { XftpCommandTransmission } from "../codec.ts";
import type { FileRecord, FileStore } from "../file_store.ts";
import type { XftpError } from "../messages.ts";
import type { XftpSession } from "./handshake.ts";

/** What became of the check. */
export type XftpVerdict =
  | { readonly allowed: true; readonly file?: FileRecord }
  | { readonly allowed: false; readonly error: XftpError };

const REFUSED: XftpVerdict = { allowed: false, error: { type: "AUTH" } };
const ALLOWED: XftpVerdict = { allowed: true };
/** Decoded where there is no file, for the time that it takes. */
const ANY_KEY = generateAuthKeyPair("ed25519").publicKey.spki;

/** Checks a command and finds its file. */
export function authorizeCommand(
  transmission: XftpCommandTransmission,
  { session, files }: { session: XftpSession; files: FileStore },
): XftpVerdict {
  const { command, entityId, authorization } = transmission;
  const authorized = (keys: readonly AuthKey[]) =>
    authorization !== undefined &&
    verifyAuthorization({
      authorization,
      correlationId: transmission.correlationId,
      signed: { signedPrefix: EMPTY, signedRest: transmission.signed },
      authenticator: session.authenticator,
    }, keys);
  switch (command.tag) {
    case "PING":
      return ALLOWED;
    case "FNEW":
      return authorized([command.file.senderKey]) ? ALLOWED : REFUSED;
    default: {
      const sender = command.tag !== "FGET" && command.tag !== "FACK";
      const found = find(files, { sender, entityId });
      if (found?.file.status.type === "blocked") {
        const { info } = found.file.status;
        return { allowed: false, error: { type: "BLOCKED", info } };
      }
      const key = decodeAuthKey(found?.key ?? ANY_KEY);
      const keys = found === undefined || key === undefined ? [] : [key];
      if (!authorized(keys)) return REFUSED;
      return found === undefined
        ? REFUSED
        : { allowed: true, file: found.file };
    }
  }
}

function find(
  files: FileStore,
  { sender, entityId }: { sender: boolean; entityId: Uint8Array },
): { readonly file: FileRecord; readonly key: Uint8Array } | undefined {
  if (!sender) return files.byRecipient(entityId);
  const file = files.bySender(entityId);
  return file && { file, key: file.senderKey };
}
