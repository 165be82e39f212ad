/**
 * What relays and cores say to each other.
 *
 * @module
 */

export {
  decodeCoreMessage,
  decodeHomeMessage,
  decodeVisitor,
  encodeMessage,
  encodeVisitor,
  MessageError,
  VISITOR_SIZE,
} from "./codec.ts";
export { MessageStream } from "./message_stream.ts";
export {
  type CoreMessage,
  type HomeMessage,
  type Lease,
  type RefusalReason,
  TUNNEL_ALPN,
  TUNNEL_PATH,
  type Visitor,
} from "./messages.ts";
