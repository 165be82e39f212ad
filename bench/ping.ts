/**
 * How long a `PING` takes on one connection while others are busy.
 *
 * @module
 */

import { percentile } from "./load.ts";
import type { PingOrder } from "./ping_worker.ts";
import type { Target } from "./target.ts";

/** Time of `PING` to `PONG`, in milliseconds. */
export interface PingResult {
  readonly p50: number;
  readonly p99: number;
}

/** Pings for `seconds`; the load beside it is the caller's. */
export function measurePing(
  target: Target,
  seconds: number,
): Promise<PingResult> {
  const worker = new Worker(new URL("./ping_worker.ts", import.meta.url), {
    type: "module",
  });
  const order: PingOrder = {
    port: target.port,
    fingerprint: target.fingerprint,
    seconds,
    pauseMs: 10,
  };
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<number[]>) => {
      worker.terminate();
      resolve({ p50: percentile(data, 0.5), p99: percentile(data, 0.99) });
    };
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error("The pinging thread failed", { cause: event.error }));
    };
    worker.postMessage(order);
  });
}
