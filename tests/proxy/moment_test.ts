/** Destinations that are away for a moment, and load on the proxy. */

import assert from "node:assert/strict";
import { subscribe } from "../server/commands.ts";
import { TestRelay } from "../server/harness.ts";
import {
  addressOf,
  receiveAll,
  refusal,
  securedThrough,
  sendThrough,
  startProxy,
  through,
  words,
} from "./harness.ts";
import { Route } from "./route.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a destination that comes back in time was never away", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using client = await proxy.connect();
  const address = addressOf(destination);
  const far = await through(client, address);
  const owner = await destination.connect();
  const secured = await securedThrough(far, owner);
  await owner[Symbol.asyncDispose]();
  await destination.relay.stop();
  const sent = sendThrough(far, "into the gap", secured.to);
  const opened = through(client, address);
  await pause(700);
  await destination.restart([`listen.ports=${address.port}`]);
  assert.equal(words(await sent), "OK");
  await opened;
  await using recipient = await destination.connect();
  await subscribe(recipient, secured.queue);
  assert.deepEqual(await receiveAll(recipient, secured, 1), ["into the gap"]);
});

Deno.test("without a new session the app hears that nothing was forwarded", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using route = new Route(destination.relay.ports[0]);
  await using client = await proxy.connect();
  const address = addressOf(destination, { port: String(route.port) });
  const far = await through(client, address, { reopen: false });
  await using recipient = await destination.connect();
  const { to } = await securedThrough(far, recipient);
  route.cut();
  await proxy.until(({ destinations }) => destinations === 0);
  const sent = sendThrough(far, "lost session", to);
  assert.equal(await refusal(sent), "PROXY NO_SESSION");
});

Deno.test("a message that may have arrived is not sent a second time", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using route = new Route(destination.relay.ports[0]);
  await using client = await proxy.connect();
  await using recipient = await destination.connect();
  const address = addressOf(destination, { port: String(route.port) });
  const far = await through(client, address);
  const secured = await securedThrough(far, recipient);
  route.pause();
  const sent = sendThrough(far, "once", secured.to);
  assert.deepEqual(await receiveAll(recipient, secured, 1), ["once"]);
  // Executed, but the answer never comes back to the proxy.
  route.cut();
  assert.equal(await refusal(sent), "PROXY BROKER NETWORK");
  route.resume();
  assert.equal(words(await sendThrough(far, "next", secured.to)), "OK");
  assert.deepEqual(await receiveAll(recipient, secured, 1), ["next"]);
});

Deno.test("a destination restarts under load: nothing is lost", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start({
    set: ["smp.messages_per_queue=1000"],
  });
  const address = addressOf(destination);
  await using client = await proxy.connect();
  const far = await through(client, address);
  const owner = await destination.connect();
  const secured = await securedThrough(far, owner);
  await owner[Symbol.asyncDispose]();
  const unsure = new Set<string>();
  const texts = Array.from({ length: 200 }, (_, i) => `message ${i}`);
  const waiting = [...texts];
  let restarted: Promise<void> | undefined;
  const send = async () => {
    for (;;) {
      const text = waiting.shift();
      if (text === undefined) return;
      if (waiting.length === 100) {
        restarted = destination.restart([
          `listen.ports=${address.port}`,
          "smp.messages_per_queue=1000",
        ]);
      }
      for (;;) {
        try {
          assert.equal(words(await sendThrough(far, text, secured.to)), "OK");
          break;
        } catch (error) {
          const told = await refusal(Promise.reject(error));
          assert.equal(told, "PROXY BROKER NETWORK");
          unsure.add(text);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
  await restarted;
  await using recipient = await destination.connect();
  const { messages } = destination.relay.counts();
  await subscribe(recipient, secured.queue);
  const got = await receiveAll(recipient, secured, messages);
  assert.deepEqual(new Set(got), new Set(texts));
  // Twice can only be there what the client was told to be unsure of.
  const twice = got.filter((text, index) => got.indexOf(text) !== index);
  for (const text of twice) assert.ok(unsure.has(text), text);
});

Deno.test("1,000 messages from ten clients at a time, none lost", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  const address = addressOf(destination);
  await Promise.all(Array.from({ length: 10 }, async (_, number) => {
    await using client = await proxy.connect();
    await using recipient = await destination.connect();
    const far = await through(client, address);
    const secured = await securedThrough(far, recipient);
    const texts = Array.from({ length: 100 }, (_, i) => `${number}: ${i}`);
    const sending = (async () => {
      for (const text of texts) {
        assert.equal(words(await sendThrough(far, text, secured.to)), "OK");
      }
    })();
    assert.deepEqual(await receiveAll(recipient, secured, 100), texts);
    await sending;
  }));
  assert.equal(proxy.relay.counts().destinations, 1);
  assert.equal(proxy.relay.counts().forwarding, 0);
});

Deno.test("so many messages of a client are under way; then nothing more is read", async () => {
  await using proxy = await startProxy({ set: ["proxy.client_concurrency=4"] });
  await using destination = await TestRelay.start();
  await using route = new Route(destination.relay.ports[0]);
  await using client = await proxy.connect();
  await using other = await proxy.connect();
  await using recipient = await destination.connect();
  const address = addressOf(destination, { port: String(route.port) });
  const far = await through(client, address);
  const { to } = await securedThrough(far, recipient);
  route.pause();
  const sending = Array.from(
    { length: 4 },
    (_, i) => sendThrough(far, `held ${i}`, to),
  );
  await proxy.until(({ forwarding }) => forwarding === 4);
  // Its other commands do not wait for them.
  assert.equal((await client.send({ tag: "PING" })).tag, "PONG");
  for (let i = 4; i < 40; i++) sending.push(sendThrough(far, `held ${i}`, to));
  let answered = false;
  const ping = client.send({ tag: "PING" }).then(() => answered = true);
  await pause(300);
  assert.equal(proxy.relay.counts().forwarding, 4);
  assert.equal(answered, false);
  // Other clients do not wait for it.
  assert.equal((await other.send({ tag: "PING" })).tag, "PONG");
  route.resume();
  const answers = await Promise.all(sending);
  assert.deepEqual(new Set(answers.map(words)), new Set(["OK"]));
  await ping;
});

Deno.test("so many messages to one destination are under way; the others wait", async () => {
  await using proxy = await startProxy({
    set: ["proxy.destination_concurrency=5"],
  });
  await using destination = await TestRelay.start();
  await using route = new Route(destination.relay.ports[0]);
  const address = addressOf(destination, { port: String(route.port) });
  await using recipient = await destination.connect();
  await using first = await proxy.connect();
  await using second = await proxy.connect();
  const far = [await through(first, address), await through(second, address)];
  const { to } = await securedThrough(far[0], recipient);
  route.pause();
  const before = destination.relay.counts().messages;
  const sending = Array.from(
    { length: 40 },
    (_, i) => sendThrough(far[i % 2], `held ${i}`, to),
  );
  await proxy.until(({ forwarding }) => forwarding === 40);
  await pause(200);
  // What the destination got while its answers were held up.
  assert.equal(destination.relay.counts().messages - before, 5);
  route.resume();
  const answers = await Promise.all(sending);
  assert.deepEqual(new Set(answers.map(words)), new Set(["OK"]));
});

Deno.test("quiet destinations are left: after a while, or for others", async () => {
  await using proxy = await startProxy({
    set: ["proxy.destinations=2", "proxy.idle_after=400ms"],
  });
  await using first = await TestRelay.start();
  await using second = await TestRelay.start();
  await using third = await TestRelay.start();
  await using client = await proxy.connect();
  const far = await through(client, addressOf(first), { reopen: false });
  await through(client, addressOf(second));
  await through(client, addressOf(third));
  assert.equal(proxy.relay.counts().destinations, 2);
  await first.until(({ sessions }) => sessions === 0);
  const sent = sendThrough(far, "x", { senderId: new Uint8Array(24) });
  assert.equal(await refusal(sent), "PROXY NO_SESSION");
  await proxy.until(({ destinations }) => destinations === 0);
  await second.until(({ sessions }) => sessions === 0);
});
