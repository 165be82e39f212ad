/**
 * The control socket: how `porchlight status` and other programs of the owner
 * talk to the running relay. HTTP with JSON over a Unix socket.
 *
 * @module
 */

export type {
  BlockingAnswer,
  ClientAnswer,
  ControlledRelay,
  FileAnswer,
  FileChangeAnswer,
  FileControl,
  FilePieceAnswer,
  FileStatisticsAnswer,
  PathAnswer,
  PathWay,
  PeriodCounts,
  QueueAnswer,
  QueueChangeAnswer,
  QueueControl,
  QueueDeletedAnswer,
  StatisticsAnswer,
  WebCertificateAnswer,
  WebCertificateControl,
} from "./answers.ts";
export {
  ControlError,
  type ControlErrorCode,
  Refusal,
  type RefusalCode,
} from "./errors.ts";
export { type AskOptions, askRelay } from "./client.ts";
export { relayHandlers } from "./handlers.ts";
export { parseQueueId } from "./queue_id.ts";
export {
  type ControlHandlers,
  type ControlServer,
  serveControl,
} from "./server.ts";
export {
  type PartState,
  type PartStatus,
  type RelayStatus,
  worstState,
} from "./status.ts";
