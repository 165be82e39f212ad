import { ok, rejects, strictEqual } from "node:assert/strict";
import { dialTls } from "../../relay/transport/mod.ts";
import { listenTls } from "../../relay/transport/mod.ts";
import { Link, MuxError } from "../../tunnel/mux/mod.ts";
import {
  decodeCoreMessage,
  encodeMessage,
  MessageStream,
} from "../../tunnel/protocol/mod.ts";
import type { HomeMessage } from "../../tunnel/protocol/mod.ts";
import { SeededRandom } from "../seeded_random.ts";
import { eventually, exchange, makeWorld, startHome, visit } from "./world.ts";
import type { World } from "./world.ts";

const connected = ({ links }: { links: number }) => links === 2;

/** A link of a home that does as it likes. */
async function rawLink(world: World, name: string) {
  const { chainPem, keyPem } = await world.identity(name);
  const connection = await dialTls("127.0.0.1", world.port, {
    alpn: ["porchlight-tunnel/1"],
    credentials: { certificates: chainPem, key: keyPem },
  });
  const link = new Link(connection, { role: "client", onStream: () => {} });
  return { connection, link };
}

const hello: HomeMessage = { type: "hello", software: "x", instance: "i" };

Deno.test("Nonsense in place of a greeting is answered with words", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  for (
    const bytes of [
      Uint8Array.of(0, 1, 0x7b),
      Uint8Array.of(0, 2, 0x7b, 0x7d),
      encodeMessage({ type: "reach", id: 1, direct: true }),
      encodeMessage({ ...hello, instance: "x".repeat(65) }),
    ]
  ) {
    await using link = (await rawLink(world, "home")).link;
    const stream = link.openStream();
    await stream.write(bytes);
    const json = await new MessageStream(stream).receive();
    const answer = decodeCoreMessage(json ?? new Uint8Array());
    strictEqual(answer.type === "refused" && answer.reason, "protocol");
  }
  strictEqual(core.counts().leases, 0);
  await eventually(() => core.counts().links === 0);
});

Deno.test("Noise of any kind ends a link and nothing else", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const { lease } = await home.until(connected);
  await using app = await visit(lease?.port ?? 0, home.identity);
  const random = new SeededRandom(3);
  for (let round = 0; round < 20; round++) {
    const { connection, link } = await rawLink(world, "noisy");
    const messages = new MessageStream(link.openStream());
    await messages.send(hello);
    await messages.receive();
    connection.write(random.bytes(1 + random.below(2000)));
    connection.write(random.bytes(2000));
    await link.ended;
  }
  ok(await exchange(app));
  await eventually(() => core.counts().links === 2);
  ok(world.log.every((line) => !/failed/.test(line)), world.log.join("\n"));
});

Deno.test("A home opens no streams but its talk, and talks within bounds", async () => {
  await using world = await makeWorld();
  await using _core = await world.core();
  const { link } = await rawLink(world, "home");
  await using _link = link;
  const messages = new MessageStream(link.openStream());
  await messages.send(hello);
  await messages.receive();
  const second = link.openStream({ announce: true });
  await rejects(
    second.next(),
    (error) => error instanceof MuxError && error.kind === "reset",
  );
  // Questions without end, whose answers it does not take.
  const asking = (async () => {
    for (let id = 1; id < 100_000; id++) {
      await messages.send({ type: "text", id, name: "www", values: [] });
    }
  })();
  await rejects(asking, MuxError);
});

Deno.test("A core that opens visits and announces nobody costs a home little", async () => {
  await using world = await makeWorld();
  const core = await world.core();
  await core.stop();
  const { chainPem, keyPem } = core.identity;
  const links: Link[] = [];
  await using _hostile = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: world.port }],
    credentials: { certificates: chainPem, key: keyPem },
    alpn: ["porchlight-tunnel/1"],
    requestClientCertificate: true,
    async onConnection(connection) {
      const link = new Link(connection, {
        role: "server",
        maxStreams: 10_000,
        async onStream(stream) {
          const messages = new MessageStream(stream);
          await messages.receive();
          await messages.send({
            type: "welcome",
            software: "hostile",
            lease: { name: "attic.relays.test", port: 20_000 },
            core: ["203.0.113.1"],
            source: "127.0.0.1",
            visitors: 10_000,
          });
          for (let count = 0; count < 3000; count++) {
            link.openStream({ announce: true });
          }
        },
      });
      links.push(link);
      await link.ended;
    },
  });
  const home = startHome(core, { identity: await world.identity("home") });
  await home.until(connected);
  await links[0].probe(10_000);
  await links[1].probe(10_000);
  // The home has refused what is more than it allows; the links live on.
  for (const link of links) {
    await eventually(() => link.streams <= 1000);
    ok(link.open);
  }
  const since = performance.now();
  const stopped = home[Symbol.asyncDispose]();
  await stopped;
  ok(performance.now() - since < 5000);
  strictEqual(home.pseudonyms.length, 0);
});
