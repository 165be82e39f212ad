/**
 * The box's own page: set up a relay, look in on it, and change it, in a
 * browser of the same network. It talks to the relay through its control
 * socket, as the commands do. Described in `docs/page.md`.
 *
 * @module
 */

export { OwnerPassword, PasswordError, RESET_FILE } from "./owner_password.ts";
export {
  serveWeb,
  type ServeWebOptions,
  WebError,
  type WebServer,
} from "./server.ts";
