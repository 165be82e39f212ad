/**
 * What a connection costs: its handshake, and its memory while idle.
 *
 * @module
 */

import type { SmpClient } from "../relay/smp/mod.ts";
import { connect } from "./clients.ts";
import { percentile } from "./load.ts";
import { type Target, usage } from "./target.ts";

/** Cost of connections. */
export interface IdleResult {
  readonly connections: number;
  /** TLS and SMP handshake of one client at a time, median in milliseconds. */
  readonly handshakeMs: number;
  /** CPU of the server for each handshake, in milliseconds. */
  readonly handshakeCpuMs: number;
  /** Resident memory of the server for each idle connection, in bytes. */
  readonly bytesEach: number;
}

/** Opens `connections` idle connections and looks at the server's memory. */
export async function measureIdle(
  target: Target,
  connections: number,
): Promise<IdleResult> {
  const clients: SmpClient[] = [];
  const times: number[] = [];
  try {
    // What the first connections load and compile is not theirs.
    for (let i = 0; i < 20; i++) clients.push(await connect(target));
    await settle();
    const before = usage(target);
    while (clients.length < connections + 20) {
      const began = performance.now();
      clients.push(await connect(target));
      times.push(performance.now() - began);
    }
    const busy = usage(target);
    await settle();
    const after = usage(target);
    return {
      connections,
      handshakeMs: percentile(times, 0.5),
      handshakeCpuMs: (busy.cpuMs - before.cpuMs) / connections,
      bytesEach: (after.rss - before.rss) / connections,
    };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2000));
}
