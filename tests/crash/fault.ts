/**
 * What the harness found wrong with the relay.
 *
 * @module
 */

/** The relay broke one of its promises. */
export class Fault extends Error {
  override readonly name = "Fault";
}
