import assert from "node:assert/strict";
import {
  asRecipient,
  createSecured,
  delivery,
  nextMessage,
  nothingUnread,
  sends,
  subscribe,
} from "./commands.ts";
import { TestRelay } from "./harness.ts";

/** Longer than a message may live in these tests, in whole seconds. */
const TOO_LONG = 2100;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A relay whose messages live for a second. */
function settings(...more: string[]): string[] {
  return ["smp.message_expiry=1s", ...more];
}

const onSend = settings(
  "smp.message_expiry_check=1h",
  "smp.expire_on_start=false",
);
const never = [...onSend, "smp.expire_on_send=false"];

Deno.test("old messages go when a message is sent to their queue", async () => {
  await using relay = await TestRelay.start({ set: onSend });
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  const other = await createSecured(client, { subscribe: false });
  assert.equal(await sends(client, "old", to), "OK");
  assert.equal(await sends(client, "old elsewhere", other.to), "OK");
  await pause(TOO_LONG);
  assert.equal(await sends(client, "new", to), "OK");
  await subscribe(client, queue);
  assert.equal((await nextMessage(client, queue)).text, "new");
  await subscribe(client, other.queue);
  assert.equal((await nextMessage(client, other.queue)).text, "old elsewhere");
  await nothingUnread(client);
});

Deno.test("old messages go at an interval", async () => {
  await using relay = await TestRelay.start({
    set: settings("smp.message_expiry_check=100ms"),
  });
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  assert.equal(await sends(client, "one", to), "OK");
  assert.equal(await sends(client, "two", to), "OK");
  assert.equal(relay.relay.counts().messages, 2);
  await relay.until(({ messages }) => messages === 0);
  await subscribe(client, queue);
  await nothingUnread(client);
  assert.equal(await sends(client, "three", to), "OK");
  assert.equal((await nextMessage(client, queue)).text, "three");
});

Deno.test("between the intervals old messages stay", async () => {
  await using relay = await TestRelay.start({ set: never });
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  assert.equal(await sends(client, "old", to), "OK");
  await pause(TOO_LONG);
  assert.equal(await sends(client, "new", to), "OK");
  await subscribe(client, queue);
  assert.equal((await nextMessage(client, queue)).text, "old");
});

Deno.test("old messages go at the start, newer ones stay", async () => {
  await using relay = await TestRelay.start({ set: never });
  const { queue, to } = await (async () => {
    await using client = await relay.connect();
    const secured = await createSecured(client, { subscribe: false });
    assert.equal(await sends(client, "old 1", secured.to), "OK");
    assert.equal(await sends(client, "old 2", secured.to), "OK");
    return secured;
  })();
  await relay.restart([
    "smp.message_expiry=1d",
    "smp.expire_on_start=true",
    "smp.expire_on_send=false",
  ]);
  assert.equal(relay.relay.counts().messages, 2);
  await pause(4100);
  {
    await using client = await relay.connect();
    assert.equal(await sends(client, "new 1", to), "OK");
    assert.equal(await sends(client, "new 2", to), "OK");
  }
  await relay.restart([
    "smp.message_expiry=3s",
    "smp.message_expiry_check=1h",
  ]);
  assert.equal(relay.relay.counts().messages, 2);
  await using client = await relay.connect();
  const answer = await asRecipient(client, queue, { tag: "GET" });
  assert.equal(delivery(queue, answer).text, "new 1");
});

Deno.test("marks of full queues do not keep other messages from going", async () => {
  const full = ["smp.messages_per_queue=1"];
  await using relay = await TestRelay.start({ set: [...never, ...full] });
  {
    await using client = await relay.connect();
    // More marks than the relay looks at in one go.
    for (let i = 0; i < 300; i++) {
      const { to } = await createSecured(client, { subscribe: false });
      assert.equal(await sends(client, "taken", to), "OK");
      assert.equal(await sends(client, "refused", to), "ERR QUOTA");
    }
    const { to } = await createSecured(client, { subscribe: false });
    assert.equal(await sends(client, "last", to), "OK");
  }
  await pause(TOO_LONG);
  await relay.restart([...settings("smp.message_expiry_check=1h"), ...full]);
  assert.equal(relay.relay.counts().messages, 300);
});
