/**
 * The program keeps itself up to date: it takes what the project signed, tries
 * it, and goes back where it does not work. Described in `docs/updates.md`.
 *
 * @module
 */

export { MAX_TRIES } from "./choose.ts";
export { UpdateError, type UpdateErrorCode } from "./error.ts";
export { type GuardAnswer, guardStart, MAX_STARTS } from "./guard.ts";
export { findLayout, type Layout, PROGRAMS_VARIABLE } from "./layout.ts";
export { answerOf, statusOf, type UpdateAnswer, UpdatePart } from "./part.ts";
export { findRestart } from "./restart.ts";
export {
  type Channel,
  CHANNELS,
  readState,
  type UpdateState,
} from "./state.ts";
export {
  rollBack,
  setChannel,
  targetOf,
  update,
  type UpdateOptions,
  type UpdateRequest,
  type UpdateResult,
  type UpdateStep,
} from "./updater.ts";
export { compareVersions, isVersion } from "./version.ts";
