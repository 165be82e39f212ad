/**
 * The directory: relays found, probed, scored and shared between communities.
 *
 * A core runs a {@link Directory}; relays, owners and other directories ask it
 * with a {@link DirectoryClient}. What passes between them is signed, so that
 * nobody has to be trusted but for what only they can know: relays for what
 * they say of themselves, directories for what they have measured.
 *
 * @module
 */

export {
  type ListedRelay,
  type Params,
  type Receipt,
  type RelayHistory,
  type SyncPage,
} from "./api/mod.ts";
export {
  DirectoryClient,
  type DirectoryClientOptions,
  DirectoryError,
  type DirectoryErrorKind,
  type RelayQuery,
  type Signing,
} from "./client/mod.ts";
export {
  addressText,
  BOUNDS,
  type Descriptor,
  type DescriptorAddress,
  type DescriptorJson,
  descriptorJson,
  type DescriptorLimits,
  type Role,
  ROLES,
  signDescriptor,
  type SignedDescriptor,
  verifyDescriptor,
  verifyDescriptorText,
} from "./descriptor/mod.ts";
export {
  Directory,
  type DirectoryOptions,
  type RelayOverview,
} from "./directory.ts";
export {
  chooseRelays,
  type FindOptions,
  findRelays,
  type Found,
  type FoundRelay,
  type SilentDirectory,
} from "./find/mod.ts";
export type { PeerStatus } from "./federation/mod.ts";
export {
  type DirectoryFacts,
  DirectoryPages,
  type DirectoryPagesOptions,
} from "./pages/mod.ts";
export {
  type HeartbeatNumbers,
  INSTANCE_SIZE,
  type WindowNumbers,
} from "./protocol/mod.ts";
export {
  type LifecycleRules,
  type Standing,
  STANDINGS,
} from "./registry/mod.ts";
export { type Flag, type Issue, THRESHOLDS } from "./score.ts";
