/**
 * A client of SMP relays: for tests, probes, benchmarks and the proxy.
 *
 * @module
 */

export {
  type ClientRequest,
  type Received,
  SmpClient,
  type SmpClientOptions,
} from "./client.ts";
export { SmpClientError, type SmpClientErrorCode } from "./error.ts";
export type { ServiceCredentials, ServiceSession } from "./service.ts";
export {
  ProxiedRelay,
  ProxiedRelayError,
  type ProxiedRelayOptions,
} from "./proxied_relay.ts";
export type { ClientHandshakeOptions, ClientSession } from "./session.ts";
