/**
 * A core with thousands of relays whose tunnels are idle: memory for each, CPU,
 * and how long until all are back after a restart of the core.
 *
 *     deno run -A bench/many_relays.ts [RELAYS] [SECONDS-IDLE]
 *
 * The relays are real tunnels without anything behind them, in one process.
 * Each takes an open file at the core for its port and one for each of its two
 * links: raise the limit (`ulimit -n`) above four times their number.
 *
 * @module
 */

import process from "node:process";
import { createIdentity } from "../relay/identity/mod.ts";
import { parseCoreAddress } from "../tunnel/core_address.ts";
import { Tunnel } from "../tunnel/home/mod.ts";
import { Child } from "./child.ts";

const PORT = 29_443;
const FIRST_RELAY_PORT = 10_000;
/** Identities that are made at a time. */
const BATCH = 25;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function startCore(directory: string): Promise<[Child, string]> {
  const child = new Child("./tunnel_process.ts", [
    ...["core", `${directory}/core`, PORT, FIRST_RELAY_PORT],
  ]);
  const { address } = JSON.parse(await child.line());
  return [child, address];
}

/** Waits until `count` links are up; returns the seconds that it took. */
async function until(tunnels: readonly Tunnel[], count: number) {
  const since = performance.now();
  const up = () =>
    tunnels.reduce((sum, { status: { links } }) => sum + links, 0);
  while (up() < count) {
    await sleep(200);
    if (performance.now() - since > 300_000) {
      throw new Error(`Only ${up()} of ${count} links came up`);
    }
  }
  return (performance.now() - since) / 1000;
}

if (import.meta.main) {
  const [relays = 5000, idleSeconds = 20] = Deno.args.map(Number);
  const directory = await Deno.makeTempDir({ prefix: "porchlight-bench-" });
  let [core, address] = await startCore(directory);
  try {
    const atRest = core.rss();
    const { fingerprint } = parseCoreAddress(address);
    const tunnels: Tunnel[] = [];
    const begun = performance.now();
    for (let number = 0; number < relays; number += BATCH) {
      const size = Math.min(BATCH, relays - number);
      await Promise.all(Array.from({ length: size }, async (_, index) => {
        const home = `${directory}/home-${index}`;
        const identity = await createIdentity(home);
        await Deno.remove(home, { recursive: true });
        const tunnel = new Tunnel({
          core: { fingerprint, hosts: ["127.0.0.1"], port: PORT },
          identity,
          software: "bench",
          onVisitor: (stream) => stream.close(),
          onChange: () => {},
        });
        tunnel.start();
        tunnels.push(tunnel);
      }));
    }
    await until(tunnels, 2 * relays);
    const newSeconds = (performance.now() - begun) / 1000;
    await sleep(5000);
    const cpu = core.cpu();
    await sleep(idleSeconds * 1000);
    const idle = (core.cpu() - cpu) / idleSeconds;
    const rss = core.rss();
    console.log(
      `${relays} new relays, 2 links each: ${newSeconds.toFixed(0)} s`,
    );
    console.log(
      `core: RSS ${(rss / 1e6).toFixed(0)} MB, ` +
        `${((rss - atRest) / relays / 1000).toFixed(1)} KB for each relay`,
    );
    console.log(`core idle: ${(idle * 100).toFixed(1)} % of a processor`);
    await core[Symbol.asyncDispose]();
    const since = performance.now();
    const before = process.cpuUsage();
    [core] = await startCore(directory);
    const start = (performance.now() - since) / 1000;
    const back = await until(tunnels, 2 * relays);
    const { user, system } = process.cpuUsage(before);
    console.log(
      `core restarted: listens after ${start.toFixed(1)} s, all links are ` +
        `back ${back.toFixed(1)} s later; CPU ${core.cpu().toFixed(1)} s, ` +
        `peak RSS ${(core.takePeak() / 1e6).toFixed(0)} MB; all relays ` +
        `together, in one process: CPU ${((user + system) / 1e6).toFixed(1)} s`,
    );
  } finally {
    await core[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
  }
  Deno.exit();
}
