/**
 * A relay as a process of its own, for the benchmark: started with
 * `deno run`, told to stop by the end of its standard input.
 *
 * Arguments: data directory, extra milliseconds for each fsync, `--set` values.
 * Prints one line of JSON: port and fingerprint.
 *
 * @module
 */

import { loadConfig } from "../config/mod.ts";
import { createLog } from "../relay/log.ts";
import { startRelay } from "../relay/relay.ts";

if (import.meta.main) {
  const [directory, fsyncDelay, ...set] = Deno.args;
  const config = loadConfig({
    set: [
      `data.directory=${directory}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      "path.map_port=false",
      "onion.enabled=off",
      ...set,
    ],
    env: {},
  });
  const relay = await startRelay({
    config,
    log: createLog({ level: "warn" }),
    store: { fsyncDelay: Number(fsyncDelay) },
  });
  console.log(JSON.stringify({
    port: relay.ports[0],
    fingerprint: relay.identity.fingerprintText,
  }));
  for await (const _ of Deno.stdin.readable);
  await relay.stop();
}
