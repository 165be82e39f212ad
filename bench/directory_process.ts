/**
 * A directory as a process of its own, for the benchmark, which answers on
 * loopback as a core does. The relays are made up: probes of them do not go
 * out, but take their time and mostly work.
 *
 * Argument: data directory. Prints one line of JSON: port and fingerprint.
 * Then each line of standard input is an order, answered by one line of JSON:
 * `fill` (90 days of history), `flush`, `usage`.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { serveWeb } from "../core/web.ts";
import { Directory } from "../directory/mod.ts";
import { HTTP1_ALPN } from "../relay/http1/mod.ts";
import { createIdentity } from "../relay/identity/mod.ts";
import { listenTls } from "../relay/transport/mod.ts";

const DAY = 86_400;
const DAYS = 90;
const PROBES_A_DAY = 24;

if (import.meta.main) {
  const [folder] = Deno.args;
  const identity = await createIdentity(folder);
  const free = { burst: 1e9, refillMs: 1 };
  const fail = (error: unknown) => console.error(error);
  const path = join(folder, "directory.db");
  await using directory = new Directory({
    identity,
    path,
    software: "porchlight bench",
    maxRelays: 20_000,
    workBits: 0,
    heartbeatSeconds: 300,
    probeIntervalMs: 3_600_000,
    probesAtOnce: 8,
    probationDays: 8,
    peers: [],
    pullIntervalMs: 600_000,
    onError: (_message, error) => fail(error),
    allowLocal: true,
    testing: {
      limits: { register: free, report: free, read: free, sync: free },
      probes: {
        examine: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { milliseconds: 80 };
        },
      },
    },
  });
  directory.start();
  await using listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: [HTTP1_ALPN],
    onConnection: (connection, { peer }) =>
      serveWeb(connection, {
        api: directory.handlerFor(peer),
        adopt: () => Promise.resolve(),
        onError: fail,
      }),
    onHandlerError: fail,
  });
  console.log(JSON.stringify({
    port: listener.addresses[0].port,
    fingerprint: identity.fingerprintText,
  }));
  for await (const order of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(obey(directory, { order, path })));
  }
}

function obey(
  { registry }: Directory,
  { order, path }: { order: string; path: string },
): Record<string, number> {
  const since = performance.now();
  switch (order) {
    case "fill": {
      const { now } = registry;
      for (const record of [...registry.all()]) {
        record.since = now - DAYS * DAY;
        for (let probe = DAYS * PROBES_A_DAY; probe > 0; probe--) {
          const time = now - Math.round(probe * DAY / PROBES_A_DAY);
          const failed = Math.random() < 0.02;
          record.history.add(
            time,
            failed ? undefined : 60 + 80 * Math.random(),
          );
        }
        registry.noteProbe(record, { milliseconds: 80 });
      }
      return { ms: performance.now() - since };
    }
    case "flush": {
      registry.flush();
      return { ms: performance.now() - since };
    }
    default: {
      const { user, system } = process.cpuUsage();
      return {
        rss: process.memoryUsage().rss,
        cpuMs: (user + system) / 1000,
        disk: sizeOf(path),
        log: sizeOf(`${path}-wal`),
      };
    }
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
