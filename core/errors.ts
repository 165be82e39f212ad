/**
 * What keeps a core from starting.
 *
 * @module
 */

/** A core cannot run like this; the message is for its operator. */
export class CoreError extends Error {
  override readonly name = "CoreError";
}
