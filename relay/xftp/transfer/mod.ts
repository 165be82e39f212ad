/**
 * Sending, receiving and deleting files over XFTP relays.
 *
 * @module
 */

export { type DeletedFile, deleteFile } from "./delete.ts";
export { TransferError, type TransferErrorCode } from "./error.ts";
export {
  type ReceivedFile,
  receiveFile,
  type ReceiveOptions,
} from "./receive.ts";
export type { RelaysOptions } from "./relays.ts";
export {
  MAX_FILE_SIZE,
  sendFile,
  type SendOptions,
  type SentFile,
} from "./send.ts";
