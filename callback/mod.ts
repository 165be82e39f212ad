/**
 * Call-backs: a relay finds out whether the world can reach it by asking
 * another Porchlight. `protocol.ts` describes it.
 *
 * @module
 */

export {
  type AnswererCounts,
  type AnswererOptions,
  CallbackAnswerer,
} from "./answerer.ts";
export {
  askCallback,
  type AskOptions,
  CallbackError,
  type CallbackErrorKind,
  type Called,
} from "./asker.ts";
export { dialBack, type DialBackOptions } from "./dial_back.ts";
export {
  CALLBACK_ALPN,
  CALLBACK_OUTCOMES,
  type CallbackOutcome,
} from "./protocol.ts";
