import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { dialXftp } from "../../relay/xftp/client/mod.ts";
import {
  acknowledge,
  createSecured,
  nextMessage,
  subscribe,
  words,
} from "../server/commands.ts";
import { sendText, TestClient } from "../server/harness.ts";
import { create, randomChunk } from "../xftp/harness.ts";
import { eventually, makeWorld } from "./world.ts";

Deno.test("Messages and files go through a core, before and after its restart", async () => {
  await using world = await makeWorld();
  const first = await world.core();
  const lines: string[] = [];
  await using relay = await startRelay({
    config: loadConfig({
      set: [
        `data.directory=${join(world.directory, "relay")}`,
        "listen.addresses=127.0.0.1",
        "listen.ports=0",
        "path.map_port=false",
        `path.core=${first.address.replace("relays.test", "127.0.0.1")}`,
        "path.core_label=attic",
        "onion.enabled=off",
        "xftp.enabled=true",
        "xftp.chunk_sizes=128KB",
      ],
      env: {},
    }),
    log: createLog({ level: "error", write: (line) => lines.push(line) }),
  });
  const leased = () => first.relays().find(({ links }) => links === 2);
  await eventually(() => leased() !== undefined);
  const port = leased()?.port ?? 0;
  assert.equal(leased()?.label, "attic");
  const { identity } = relay;
  const place = { ports: [port], identity };
  const { fingerprint } = identity;
  const files = { hosts: ["127.0.0.1"], port: String(port), fingerprint };
  const chunk = randomChunk();
  let queue;
  let recipient;
  {
    await using app = await TestClient.connect(place);
    const secured = await createSecured(app);
    ({ queue } = secured);
    assert.equal(words(await sendText(app, "one", secured.to)), "OK");
    const message = await nextMessage(app, queue);
    assert.equal(message.text, "one");
    await acknowledge(app, queue, message.id);
    assert.equal(words(await sendText(app, "two", secured.to)), "OK");
    await using client = await dialXftp(files);
    const access = await create(client, chunk);
    ({ recipient } = access);
    await client.upload(access.sender, chunk.content);
    await first.stop();
  }
  await using core = await world.core();
  await eventually(() => core.counts().links === 2, 20_000);
  await using app = await TestClient.connect(place);
  await subscribe(app, queue);
  assert.equal((await nextMessage(app, queue)).text, "two");
  await using client = await dialXftp(files);
  assert.deepEqual(await client.download(recipient, chunk), chunk.content);
  assert.equal(core.relays()[0].port, port);
});
