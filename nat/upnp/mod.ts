/**
 * Ports opened by UPnP: IPv4 forwards and IPv6 openings of the firewall.
 *
 * @module
 */

export { upnpMapper, type UpnpOptions } from "./mapper.ts";
export type { Pinhole } from "./pinhole.ts";
export type { SearchTarget } from "./ssdp_search.ts";
export { type RouterNotice, watchSsdp } from "./ssdp_watch.ts";
