/**
 * The core: the public server of a community.
 *
 * @module
 */

export {
  type BanAnswer,
  coreHandlers,
  type RelayAnswer,
  type RelaysAnswer,
} from "./control.ts";
export { type Core, type CoreOptions, startCore } from "./core.ts";
export { type Delegation, delegationOf, parentRecords } from "./delegation.ts";
export { CoreError } from "./errors.ts";
