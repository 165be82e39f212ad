/** Writes that fail, and the end of the thread that writes. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  forMany,
  nextMessage,
  sends,
  words,
} from "./commands.ts";
import { createQueue, sendText, TestRelay } from "./harness.ts";

/** Nothing can be written to the relay's database until it is disposed of. */
function lockDatabase({ config }: TestRelay): Disposable {
  const database = new DatabaseSync(`${config.data.directory}/relay.db`);
  database.exec("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      database.exec("ROLLBACK");
      database.close();
    },
  };
}

Deno.test("after an ACK that could not be written the queue goes on", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const { queue, to } = await createSecured(recipient);
  for (const text of ["one", "two"]) {
    assert.equal(await sends(sender, text, to), "OK");
  }
  const first = await nextMessage(recipient, queue);
  assert.equal(first.text, "one");
  {
    using _locked = lockDatabase(relay);
    const answer = await acknowledge(recipient, queue, first.id);
    assert.equal(words(answer), "ERR STORE");
  }
  assert.match(relay.takeErrors().join(), /in use by another program/);

  assert.equal(await sends(sender, "three", to), "OK");
  let next = await nextMessage(recipient, queue);
  assert.equal(next.text, "one");
  for (const text of ["two", "three"]) {
    next = delivery(queue, await acknowledge(recipient, queue, next.id));
    assert.equal(next.text, text);
  }
  assert.equal(words(await acknowledge(recipient, queue, next.id)), "OK");
});

/** Keeps the threads that are started, to be able to end them. */
function catchWorkers(): { readonly workers: Worker[] } & Disposable {
  const Original = globalThis.Worker;
  const workers: Worker[] = [];
  globalThis.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
    }
  };
  return {
    workers,
    [Symbol.dispose]() {
      globalThis.Worker = Original;
    },
  };
}

Deno.test("when the thread that writes has died, nothing is OK and the relay says so", async () => {
  using caught = catchWorkers();
  await using relay = await TestRelay.start({
    set: [
      "smp.message_expiry=1s",
      "smp.message_expiry_check=200ms",
      "smp.expire_on_send=false",
    ],
  });
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  // More than the expiry takes at once, and they are old soon.
  const others = await forMany(
    Array.from({ length: 3 }),
    () => createQueue(client, { subscribe: false }),
  );
  const targets = others.flatMap(({ ids }) =>
    Array.from({ length: 100 }, () => ids)
  );
  for (const sent of await forMany(targets, (ids) => sends(client, "x", ids))) {
    assert.equal(sent, "OK");
  }

  const [worker] = caught.workers;
  worker.terminate();
  worker.dispatchEvent(
    new ErrorEvent("error", { message: "It has died", cancelable: true }),
  );
  assert.notEqual(words(await sendText(client, "lost", to)), "OK");
  const change = await asRecipient(client, queue, { tag: "OFF" });
  assert.equal(words(change), "ERR STORE");
  await assert.rejects(createQueue(client), /STORE/);
  const storage = () =>
    relay.relay.parts().find(({ name }) => name === "storage")?.state;
  assert.equal(storage(), "down");

  // The expiry finds them and cannot delete them.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  assert.equal(relay.relay.counts().messages, 300);
  assert.equal(storage(), "down");
  assert.match(relay.takeErrors().join(), /cannot be read or written.*died/);
  const start = performance.now();
  await relay.relay.stop();
  assert.ok(performance.now() - start < 1500);
});
