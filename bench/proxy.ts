/**
 * Messages through one relay to another: how many, how much later than
 * without, and what they cost the relay in between.
 *
 * @module
 */

import { measureLoad } from "./load.ts";
import { type Target, usage } from "./target.ts";

/** Result of one proxied load. */
export interface ProxyResult {
  /** `SEND` to the proxy until `ACK` at the destination. */
  readonly perSecond: number;
  /** `SEND` to `MSG`, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How much later than sent directly, half of them: in milliseconds. */
  readonly addedMs: number;
  /** CPU of the proxy for each message, in milliseconds. */
  readonly cpuMs: number;
  /** Resident memory of the proxy afterwards, in bytes. */
  readonly rss: number;
}

/**
 * `connections` senders at `proxy` and as many recipients at `destination`,
 * each with one message in flight; for comparison the same load without proxy.
 */
export async function measureProxy(
  proxy: Target,
  destination: Target,
  load: { readonly connections: number; readonly seconds: number },
): Promise<ProxyResult> {
  const direct = await measureLoad(destination, load);
  const proxied = await measureLoad(destination, { ...load, proxy });
  return {
    perSecond: proxied.perSecond,
    p50: proxied.p50,
    p99: proxied.p99,
    addedMs: proxied.p50 - direct.p50,
    cpuMs: proxied.proxyCpuMs,
    rss: usage(proxy).rss,
  };
}
