/**
 * Paths: how the world reaches this relay, found out, checked from outside and
 * told in words.
 *
 * @module
 */

export { type Advertised, advertised, chosen, needsTunnel } from "./choose.ts";
export type { PathEffect, PathEvent, PortEvent } from "./events.ts";
export { PathManager, type PathManagerOptions } from "./manager.ts";
export {
  type Candidate,
  type CandidateState,
  initialPathState,
  type Lease,
  PATH_KINDS,
  type PathKind,
  type PathReason,
  type PathSettings,
  type PathState,
} from "./state.ts";
export { step, type Stepped } from "./step.ts";
export {
  describePath,
  type PathSurroundings,
  type PathWords,
} from "./words.ts";
