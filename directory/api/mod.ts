/**
 * The directory's REST API.
 *
 * @module
 */

export { type ProblemCode } from "./answers.ts";
export {
  type ApiOptions,
  DirectoryApi,
  type LimitName,
  LIMITS,
  type Route,
  ROUTES,
} from "./api.ts";
export { type LimitRule, NetworkLimit } from "./network_limit.ts";
export { historyOf, listed } from "./public_routes.ts";
export type {
  ListedRelay,
  Params,
  Problem,
  Receipt,
  RelayHistory,
  RelayList,
  SyncPage,
  Windows,
} from "./types.ts";
