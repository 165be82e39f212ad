/** What a destination that answers nothing can cost the proxy. */

import assert from "node:assert/strict";
import { startPorchlight, usage } from "../../bench/target.ts";
import { connect } from "../../bench/clients.ts";
import { ProxiedRelay } from "../../relay/smp/mod.ts";
import { TestRelay } from "../server/harness.ts";
import { addressOf } from "./harness.ts";
import { Route } from "./route.ts";

const CLIENTS = 20;
const MESSAGES = 50;
const CONCURRENCY = 8;

Deno.test("a destination that answers nothing fills no memory", async () => {
  const directory = await Deno.makeTempDir();
  await using destination = await TestRelay.start();
  await using route = new Route(destination.relay.ports[0]);
  try {
    // In a process of its own, whose memory is the proxy's alone.
    await using proxy = await startPorchlight({
      directory,
      set: [
        "proxy.allow_local=true",
        `proxy.client_concurrency=${CONCURRENCY}`,
      ],
    });
    await using clients = new AsyncDisposableStack();
    const relay = addressOf(destination, { port: String(route.port) });
    const far = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const client = clients.use(await connect(proxy));
        return await ProxiedRelay.open(client, { relay });
      }),
    );
    const body = new Uint8Array(16_000);
    const send = (each: ProxiedRelay) =>
      each.request({
        command: { tag: "SEND", notification: false, body },
        entityId: new Uint8Array(24),
      });
    // Once through before, so that what is there for good is there.
    for (let i = 0; i < 20; i++) await Promise.all(far.map(send));
    const before = usage(proxy).rss;
    route.pause();
    const sending = far.flatMap((each) =>
      Array.from({ length: MESSAGES }, () => send(each))
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const grown = usage(proxy).rss - before;
    route.resume();
    const tags = (await Promise.all(sending)).map(({ tag }) => tag);
    assert.deepEqual(new Set(tags), new Set(["ERR"]));
    // All of it would be 16 MB, and what the proxy may hold is under 3 MB; the
    // runtime's own ups and downs are as large as that.
    assert.ok(grown < 12e6, `grew by ${(grown / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
