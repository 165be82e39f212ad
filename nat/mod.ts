/**
 * Getting reached through home routers.
 *
 * @module
 */

export {
  addressFamily,
  type AddressKind,
  addressKind,
  formatAddress,
  isPublic,
  parseAddress,
  parseRange,
  type Range,
  sameAddress,
} from "./ip.ts";
export {
  type Mapping,
  MappingError,
  type MappingFailure,
  type MappingMethod,
  type MappingRequest,
  type PortMapper,
  type RouterLink,
} from "./mapping.ts";
export { natPmpMapper } from "./nat_pmp.ts";
export { readLinks, watchNetwork } from "./network.ts";
export {
  type Behind,
  type MappingTrouble,
  type OpenedMapping,
  openMapping,
} from "./open_mapping.ts";
export { pcpMapper, type PcpOptions } from "./pcp.ts";
export { PortKeeper } from "./keeper.ts";
export type { PortKeeperOptions, PortState } from "./port_state.ts";
export { upnpMapper, type UpnpOptions } from "./upnp/mod.ts";
