/**
 * WebSocket as a stream of bytes, where networks let nothing else out.
 *
 * @module
 */

export { WebSocketError } from "./errors.ts";
export { acceptWebSocket, openWebSocket } from "./handshake.ts";
export type { WebSocketStream } from "./web_socket_stream.ts";
