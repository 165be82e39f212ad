import assert from "node:assert/strict";
import { parseServerAddress } from "../relay/smp/mod.ts";
import { COUNTER_NAMES } from "../relay/stats/mod.ts";
import {
  createSecured,
  nextMessage,
  sends,
  words,
} from "../tests/server/commands.ts";
import {
  createQueue,
  type RelayPlace,
  sendText,
  TestClient,
} from "../tests/server/harness.ts";
import {
  commandLine,
  inDirectory,
  porchlight,
  RunningCommand,
} from "./testing.ts";

interface Running {
  readonly place: RelayPlace;
  readonly relay: RunningCommand;
  /** A command about this relay: what it printed. */
  says(...args: string[]): Promise<string>;
  /** The same as JSON. */
  asks(...args: string[]): Promise<Record<string, unknown>>;
  /** A command that fails: exit code and what it complained. */
  fails(...args: string[]): Promise<[number, string]>;
}

function withRelay(run: (running: Running) => Promise<void>): Promise<void> {
  return inDirectory(async (data) => {
    const relay = new RunningCommand(commandLine(
      "start",
      ...["--data", data],
      ...[
        "listen.ports=0",
        "listen.addresses=127.0.0.1",
        "address.hosts=localhost",
      ].flatMap((setting) => ["--set", setting]),
    ));
    const ask = (args: string[]) => porchlight([...args, "--data", data]);
    const says = async (...args: string[]) => {
      const { code, stdout, stderr } = await ask(args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    try {
      const [text] = await relay.shows(/smp:\S+@localhost:\d+/);
      const { fingerprint, port } = parseServerAddress(text);
      await run({
        relay,
        place: { ports: [Number(port)], identity: { fingerprint } },
        says,
        asks: async (...args) => JSON.parse(await says(...args, "--json")),
        fails: async (...args) => {
          const { code, stderr } = await ask(args);
          return [code, stderr];
        },
      });
    } finally {
      await relay.stop();
    }
    assert.equal(relay.stderr, "");
  });
}

const text = (id: Uint8Array) => id.toBase64({ alphabet: "base64url" });

Deno.test("an owner sees what the relay counts and who is there, but not who", () =>
  withRelay(async ({ place, says, asks }) => {
    assert.match(await says("clients"), /^Nobody is connected\.$/m);
    await using client = await TestClient.connect(place);
    const { queue, to } = await createSecured(client);
    assert.equal(await sends(client, "hello", to), "OK");
    await nextMessage(client, queue);

    const clients = await says("clients");
    assert.match(clients, /no\. +version +queues +notifications/);
    assert.match(clients, /^ +1 +18 +1 +0 +(?:less than a|\d+) seconds?/m);
    assert.doesNotMatch(clients, /127\.0\.0\.1/);
    const list = await asks("clients");
    assert(Array.isArray(list.clients));
    assert.deepEqual(Object.keys(list.clients[0]).sort(), [
      "ageSeconds",
      "idleSeconds",
      "notifications",
      "number",
      "service",
      "subscriptions",
      "version",
    ]);

    const stats = await says("stats");
    assert.match(stats, /^ +messages taken +1 +1$/m);
    assert.match(stats, /^ +queues in use +1 +1 +1$/m);
    const { total } = await asks("stats");
    assert(typeof total === "object" && total !== null);
    assert.deepEqual(Object.keys(total), COUNTER_NAMES);
    assert.match(await says("save"), /Everything is on the disk/);
    for (const said of [clients, stats]) {
      assert(!said.includes(text(queue.ids.senderId)));
    }
  }));

Deno.test("an owner looks at a queue, blocks, unblocks and deletes it", () =>
  withRelay(async ({ place, says, asks, fails }) => {
    await using client = await TestClient.connect(place);
    const { queue, to } = await createSecured(client);
    const id = text(queue.ids.senderId);
    const uri = `smp://${
      text(place.identity.fingerprint)
    }@localhost/${id}#/?v=1-4&q=m`;
    assert.match(await says("queue", "status", id), /The queue is in use\./);
    assert.deepEqual(await asks("queue", "status", uri), {
      status: "active",
      mode: "messaging",
      updated: new Date().toISOString().slice(0, 10),
    });

    const blocked = await says(
      ...["queue", "block", id, "--reason", "spam", "--notice-ttl", "30d"],
    );
    assert.match(blocked, /The queue is blocked\./);
    const { message } = await client.event();
    assert.equal(words(message), "ERR BLOCKED");
    const refused = await sendText(client, "more", to);
    assert(refused.tag === "ERR" && refused.error.type === "BLOCKED");
    assert.deepEqual(refused.error.info, {
      reason: "spam",
      notice: '{"ttl":2592000}',
    });
    const status = await says("queue", "status", id);
    assert.match(status, /blocked\.\nReason: spam\.[^]*notice for 30 days/);
    const again = await asks(
      ...["queue", "block", id, "--reason", "spam", "--notice-ttl", "30d"],
    );
    assert.equal(again.changed, false);

    assert.match(await says("queue", "unblock", uri), /blocked for spam/);
    assert.match(await says("queue", "unblock", id), /was not blocked/);
    assert.equal(await sends(client, "after", to), "OK");
    assert.match(await says("queue", "delete", id), /with 1 message in it/);
    const [code, stderr] = await fails("queue", "status", id);
    assert.equal(code, 1);
    assert.match(stderr, /no such queue/);
    assert(!stderr.includes(id));
  }));

Deno.test("wrong words about queues are told before the relay is asked", () =>
  withRelay(async ({ place, fails, says }) => {
    await using client = await TestClient.connect(place);
    const { ids } = await createQueue(client, {});
    const id = text(ids.senderId);
    for (
      const [args, code, expected] of [
        [["queue"], 2, /status\|block\|unblock\|delete ID/],
        [["queue", "drop", id], 2, /status\|block\|unblock\|delete ID/],
        [["queue", "status", id, id], 2, /status\|block/],
        [["queue", "block", id], 2, /--reason spam or --reason content/],
        [["queue", "delete", id, "--reason", "spam"], 2, /for blocking/],
        [
          ["queue", "block", id, "--reason", "spam", "--notice-ttl", "soon"],
          2,
          /--notice-ttl is a time/,
        ],
        [["queue", "status", "a-queue"], 1, /not the ID of a queue/],
      ] as const
    ) {
      const [actual, stderr] = await fails(...args);
      assert.equal(actual, code, stderr);
      assert.match(stderr, expected);
    }
    assert.match(await says("queue", "status", id), /in use/);
  }));
