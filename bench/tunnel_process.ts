/**
 * A core, or a home behind it, as a process of its own, for the benchmark.
 *
 *     core DIRECTORY PORT FIRST-RELAY-PORT [homes many]
 *     home DIRECTORY CORE-ADDRESS DIAL-PORT
 *
 * Prints a line of JSON when it is ready and stops at the end of its standard
 * input. A home sends as many bytes as the first 8 bytes of a visitor ask for
 * (big-endian).
 *
 * @module
 */

import { loadConfig } from "../config/mod.ts";
import { startCore } from "../core/core.ts";
import { loadOrCreateIdentity } from "../relay/identity/mod.ts";
import { createLog } from "../relay/log.ts";
import { type Connection, listenTls } from "../relay/transport/mod.ts";
import { parseCoreAddress } from "../tunnel/core_address.ts";
import { Tunnel } from "../tunnel/home/mod.ts";

async function core(
  directory: string,
  port: string,
  first: string,
): Promise<AsyncDisposable> {
  const it = await startCore({
    config: loadConfig({
      set: [
        `data.directory=${directory}`,
        "core.domain=relays.test",
        "core.addresses=203.0.113.1",
        "core.dns_port=0",
        `core.ports=${port}`,
        `core.first_relay_port=${first}`,
        `core.last_relay_port=${Number(first) + 9999}`,
        "core.visitors_per_relay=4000",
        "core.new_relay_rate=10GB",
      ],
      env: {},
    }),
    log: createLog({ level: "warn" }),
    allowLocal: true,
  });
  console.log(JSON.stringify({ address: it.address }));
  return it;
}

async function home(
  directory: string,
  address: string,
  dial: string,
): Promise<AsyncDisposable> {
  const identity = await loadOrCreateIdentity(directory);
  const stack = new AsyncDisposableStack();
  const listener = stack.use(listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: ["smp/1"],
    onConnection: serve,
  }));
  const { promise, resolve } = Promise.withResolvers<number>();
  const { fingerprint } = parseCoreAddress(address);
  const tunnel = stack.use(
    new Tunnel({
      core: { fingerprint, hosts: ["127.0.0.1"], port: Number(dial) },
      identity,
      software: "bench",
      onVisitor: (stream) => void listener.adopt(stream, { port: 0, peer: "" }),
      onChange: ({ links, lease }) => {
        if (links === 2 && lease !== undefined) resolve(lease.port);
      },
    }),
  );
  tunnel.start();
  console.log(JSON.stringify({ port: await promise }));
  return stack;
}

async function serve(connection: Connection): Promise<void> {
  const wish = new Uint8Array(8);
  const block = new Uint8Array(64 * 1024);
  while (await connection.readFull(wish)) {
    let left = Number(new DataView(wish.buffer).getBigUint64(0));
    while (left > 0 && connection.open) {
      const size = Math.min(left, block.length);
      connection.write(block.subarray(0, size));
      left -= size;
      await connection.drained(64 * 1024);
    }
  }
}

if (import.meta.main) {
  const [role, directory, second, third] = Deno.args;
  const start = role === "core" ? core : home;
  await using _it = await start(directory, second, third);
  for await (const _ of Deno.stdin.readable);
}
