/**
 * SMP: the server and a client of it.
 *
 * @module
 */

export {
  AddressError,
  formatServerAddress,
  parseServerAddress,
  type ServerAddress,
} from "./address.ts";
export {
  type ClientHandshakeOptions,
  type ClientRequest,
  type ClientSession,
  ProxiedRelay,
  ProxiedRelayError,
  type ProxiedRelayOptions,
  type Received,
  type ServiceCredentials,
  type ServiceSession,
  SmpClient,
  SmpClientError,
  type SmpClientErrorCode,
  type SmpClientOptions,
} from "./client/mod.ts";
export type {
  Command,
  LinkData,
  NewQueueRequest,
  QueueMode,
  QueueRequest,
  RelayAddress,
} from "./commands.ts";
export type { BlockingInfo, SmpError } from "./errors.ts";
export type { Message, QueueIds, QueueInfo } from "./messages.ts";
export type { ProxyOptions } from "./proxy/mod.ts";
export {
  decryptNotificationMeta,
  decryptReceivedMessage,
  encryptNotificationMeta,
  type ReceivedMessage,
} from "./received_message.ts";
export type { ShareGate, SmpOptions } from "./server/context.ts";
export type { ClientOverview } from "./server/overview.ts";
export type { QueueOverview, StatusChange } from "./server/queue_control.ts";
export {
  SmpServer,
  type SmpServerParts,
  type SmpStatus,
} from "./server/server.ts";
export {
  BLOCK_SIZE,
  maxMessageLength,
  SmpVersion,
  supportedVersions,
  type VersionRange,
} from "./versions.ts";

// What XFTP shares with SMP.
export { splitBatch } from "./batch.ts";
export {
  readBlockingInfo,
  readCommandErrorReason,
  readErrorTag,
  writeBlockingInfo,
} from "./error_codec.ts";
export { hostInAddress } from "./host.ts";
export {
  readAuthKey,
  readDhKey,
  writeAuthKey,
  writeDhKey,
} from "./key_codec.ts";
export type { SignedSessionKey } from "./messages.ts";
export { readBasicAuth } from "./new_queue_codec.ts";
export {
  readSignedSessionKey,
  writeSignedSessionKey,
} from "./signed_key_codec.ts";
export {
  type Authorization,
  decodeRawTransmission,
  readAuthorization,
  type TransmissionIds,
  type TransmissionParams,
  transmissionParams,
  writeTransmissionIds,
} from "./transmission.ts";
export {
  commonVersions,
  readVersionRange,
  versionsUpTo,
  writeVersionRange,
} from "./version_range.ts";
export { verifyAuthorization } from "./verify_authorization.ts";
