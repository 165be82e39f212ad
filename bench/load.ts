/**
 * Loads of messages, and what they cost the server.
 *
 * @module
 */

import { createPairs, MESSAGE_SIZE, type Pair } from "./clients.ts";
import { type Target, usage } from "./target.ts";

/** Result of one load. */
export interface LoadResult {
  readonly messages: number;
  readonly perSecond: number;
  /** `SEND` to `MSG`, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU of the server for each message, in milliseconds. */
  readonly cpuMs: number;
  /** Bytes written to disk for each byte relayed. */
  readonly writeRatio: number;
  /** CPU of the proxy for each message, in milliseconds; 0 without one. */
  readonly proxyCpuMs: number;
}

/** The value that `share` (0 to 1) of the sorted values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * As many messages as possible for `seconds`, with `connections` senders and
 * as many recipients, each with one message in flight.
 */
export async function measureLoad(
  target: Target,
  { connections, seconds, rate, proxy }: {
    connections: number;
    seconds: number;
    /** Relay through which the senders send. */
    proxy?: Target;
    /** Messages a second in all; as many as possible when absent. */
    rate?: number;
  },
): Promise<LoadResult> {
  const pairs = await createPairs(target, connections, { proxy });
  try {
    await run(pairs, { until: performance.now() + 1000, rate });
    const before = usage(target);
    const proxyBefore = proxy && usage(proxy);
    const began = performance.now();
    const times = await run(pairs, {
      until: began + seconds * 1000,
      rate,
    });
    const elapsed = (performance.now() - began) / 1000;
    const after = usage(target);
    const proxyAfter = proxy && usage(proxy);
    return {
      messages: times.length,
      perSecond: times.length / elapsed,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      cpuMs: (after.cpuMs - before.cpuMs) / times.length,
      writeRatio: (after.written - before.written) /
        (times.length * MESSAGE_SIZE),
      proxyCpuMs: ((proxyAfter?.cpuMs ?? 0) - (proxyBefore?.cpuMs ?? 0)) /
        times.length,
    };
  } finally {
    await Promise.all(pairs.map((pair) => pair[Symbol.asyncDispose]()));
  }
}

async function run(
  pairs: readonly Pair[],
  { until, rate }: { until: number; rate?: number },
): Promise<number[]> {
  const times: number[] = [];
  const pauseMs = rate === undefined ? 0 : pairs.length * 1000 / rate;
  await Promise.all(pairs.map(async (pair, index) => {
    // Paced senders start spread over the pause.
    let next = performance.now() + pauseMs * index / pairs.length;
    while (performance.now() < until) {
      if (rate !== undefined) {
        const wait = next - performance.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        next += pauseMs;
      }
      times.push(await pair.relay());
    }
  }));
  return times;
}
