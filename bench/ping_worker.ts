/**
 * Pings a relay from a thread of its own, so that the load in the other one
 * does not count.
 *
 * @module
 */

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import { connect } from "./clients.ts";

/** Where to ping, for how long, and how often. */
export interface PingOrder {
  readonly port: number;
  readonly fingerprint: Uint8Array;
  readonly seconds: number;
  readonly pauseMs: number;
}

async function ping(order: PingOrder): Promise<number[]> {
  const client = await connect(order);
  const times: number[] = [];
  const until = performance.now() + order.seconds * 1000;
  while (performance.now() < until) {
    const began = performance.now();
    await client.request({ command: { tag: "PING" } });
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, order.pauseMs));
  }
  await client.close();
  return times;
}

self.onmessage = async ({ data }: MessageEvent<PingOrder>) => {
  self.postMessage(await ping(data));
  self.close();
};
