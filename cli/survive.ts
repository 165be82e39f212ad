/**
 * What becomes of a fault that nothing caught.
 *
 * @module
 */

import type { Log } from "../relay/log.ts";

/**
 * Until it is disposed of: a fault in one connection or one command is told
 * and does not end the relay for everybody. What was answered is on disk in
 * any case.
 */
export function survive(log: Log): Disposable {
  const tell = (event: Event, error: unknown) => {
    event.preventDefault();
    log.error("A fault inside the relay; please report it", error);
  };
  const onRejection = (event: PromiseRejectionEvent) =>
    tell(event, event.reason);
  const onError = (event: ErrorEvent) => tell(event, event.error);
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}
