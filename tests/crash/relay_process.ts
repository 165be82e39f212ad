/**
 * The relay that is killed: a process of its own.
 *
 * Its argument is a `RelayOrder` in JSON. It prints one line of JSON, port,
 * fingerprint and address of the metrics, when it takes connections; it stops
 * when its standard input ends. Anything on standard error is a complaint.
 *
 * @module
 */

import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { type Alteration, startAlteredRelay } from "./altered_relay.ts";

/** How the relay is to run. */
export interface RelayOrder {
  readonly directory: string;
  /** Messages that a queue may hold. */
  readonly quota: number;
  /** Extra milliseconds for each fsync. */
  readonly fsyncDelay: number;
  /** File that records what is on disk. */
  readonly syncTrace: string;
  /** More settings. */
  readonly set?: readonly string[];
  /** Left out: the relay as it is. */
  readonly alteration?: Alteration;
}

if (import.meta.main) {
  const order: RelayOrder = JSON.parse(Deno.args[0]);
  const log = createLog({ level: "warn" });
  const config = loadConfig({
    set: [
      `data.directory=${order.directory}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      "path.map_port=false",
      "onion.enabled=off",
      `smp.messages_per_queue=${order.quota}`,
      ...order.set ?? [],
    ],
    env: {},
  });
  const { fsyncDelay, syncTrace, alteration } = order;
  const store = { fsyncDelay, syncTrace };
  const relay = alteration === undefined
    ? await startRelay({ config, log, store })
    : await startAlteredRelay(alteration, { config, log, store });
  console.log(JSON.stringify({
    port: relay.ports[0],
    fingerprint: relay.identity.fingerprintText,
    metricsUrl: relay.metricsUrl,
  }));
  for await (const _ of Deno.stdin.readable);
  await relay.stop();
}
