import assert from "node:assert/strict";
import { generateAuthKeyPair, generateX25519 } from "../../relay/crypto/mod.ts";
import type { Command } from "../../relay/smp/mod.ts";
import {
  asRecipient,
  createSecured,
  delivery,
  sends,
  subscribe,
  words,
} from "../server/commands.ts";
import { type TestClient, TestRelay } from "../server/harness.ts";

Deno.test("what two sessions do twice is answered when the first is on disk", async () => {
  await using relay = await TestRelay.start({ fsyncDelay: 250 });
  await using first = await relay.connect();
  await using second = await relay.connect();
  const { queue, to } = await createSecured(first);
  const notifier: Command = {
    tag: "NKEY",
    request: {
      authKey: generateAuthKeyPair("ed25519").publicKey,
      dhKey: generateX25519().publicKey,
    },
  };
  assert.equal(words(await asRecipient(first, queue, notifier)), "NID");
  assert.equal(await sends(first, "hello", to), "OK");
  // One is pushed the message, the other fetches it: both acknowledge it.
  await subscribe(first, queue);
  const fetched = await asRecipient(second, queue, { tag: "GET" });
  const messageId = delivery(queue, fetched).id;
  for (const command of [{ tag: "ACK", messageId }, { tag: "NDEL" }] as const) {
    const order: string[] = [];
    const ask = async (client: TestClient, name: string) => {
      assert.equal(words(await asRecipient(client, queue, command)), "OK");
      order.push(name);
    };
    const asked = ask(first, "first");
    // Longer than a command takes, far shorter than this disk.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await Promise.all([asked, ask(second, "second")]);
    assert.deepEqual(order, ["first", "second"], command.tag);
  }
});
