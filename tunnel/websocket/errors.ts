/**
 * What goes wrong with WebSockets.
 *
 * @module
 */

/** A WebSocket could not be opened, or has ended. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
}
