/**
 * Names below a core's domain.
 *
 * @module
 */

export { DnsServer, type DnsServerOptions } from "./dns_server.ts";
export { type NameAddresses, NameTable } from "./name_table.ts";
