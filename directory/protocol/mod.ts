/**
 * What relays and directories sign for each other.
 *
 * @module
 */

export {
  MAX_MEASUREMENT,
  type Measurement,
  signMeasurement,
  verifyMeasurement,
  type WindowNumbers,
  WINDOWS,
} from "./measurement.ts";
export {
  decodeRelayRequest,
  decodeRelayRequestText,
  encodeRelayRequest,
  type HeartbeatNumbers,
  INSTANCE_SIZE,
  MAX_REQUEST,
  type RelayRequest,
  type RequestContent,
  type RequestHead,
  verifyRelayRequest,
} from "./request.ts";
export {
  checkWork,
  solveWork,
  WORK_NONCE_SIZE,
  WorkNonces,
  type WorkTask,
} from "./work.ts";
