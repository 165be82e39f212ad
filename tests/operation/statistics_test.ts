import assert from "node:assert/strict";
import { join } from "node:path";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import type { CounterName } from "../../relay/stats/mod.ts";
import { parseMetrics } from "../../relay/stats/testing/parse_metrics.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  nextMessage,
  recipientSays,
  sends,
  subscribe,
  words,
} from "../server/commands.ts";
import { createQueue, TestRelay } from "../server/harness.ts";

type Expected = Partial<Record<CounterName, number>>;

/** Holds the counters that are named; those that are not are 0. */
function holds(relay: TestRelay, expected: Expected): void {
  const { total } = relay.relay.control.statistics();
  const counted = Object.fromEntries(
    Object.entries(total).filter(([, value]) => value !== 0),
  );
  assert.deepEqual(counted, expected);
}

Deno.test("queues and messages are counted as the reference does", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client);
  const expected: Expected = { qCreated: 1, qSecured: 1 };
  holds(relay, expected);

  // The second SUB of a session is a duplicate; the first of the creator, too.
  await subscribe(client, queue);
  holds(relay, { ...expected, qSubDuplicate: 1 });

  assert.equal(await sends(client, "one", to), "OK");
  const { id } = await nextMessage(client, queue);
  assert.equal(words(await acknowledge(client, queue, id)), "OK");
  assert.equal(
    await recipientSays(client, queue, { tag: "GET" }),
    "ERR CMD PROHIBITED",
  );
  const other = {
    senderId: to.senderId,
    key: generateAuthKeyPair("ed25519").privateKey,
  };
  assert.equal(await sends(client, "forged", other), "ERR AUTH");
  holds(relay, {
    ...expected,
    qSubDuplicate: 1,
    msgSent: 1,
    msgRecv: 1,
    msgGetProhibited: 1,
    msgSentAuth: 1,
  });
  const { activeQueues, activeQueuesNtf, ackTimes } = relay.relay.control
    .statistics();
  assert.deepEqual(activeQueues, { day: 1, week: 1, month: 1 });
  assert.deepEqual(activeQueuesNtf, { day: 0, week: 0, month: 0 });
  assert.equal(ackTimes.count, 1);

  assert.equal(await recipientSays(client, queue, { tag: "DEL" }), "OK");
  const { total } = relay.relay.control.statistics();
  assert.equal(total.qDeletedAll, 1);
  assert.equal(total.qDeletedSecured, 1);
  assert.equal(total.qDeletedNew, 0);
});

Deno.test("a subscription counts where a message waited, GET by its result", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  await using empty = await relay.connect();
  await subscribe(empty, queue);
  assert.equal(relay.relay.control.statistics().total.qSub, 0);
  await empty.smp.close();
  await relay.until(({ sessions }) => sessions === 1);

  await client.send({
    tag: "SEND",
    notification: true,
    body: new TextEncoder().encode("hello"),
  }, { entityId: to.senderId, key: to.key });
  await using second = await relay.connect();
  await subscribe(second, queue);
  await nextMessage(second, queue);
  assert.equal(relay.relay.control.statistics().total.qSub, 1);

  const got = await asRecipient(client, queue, { tag: "GET" });
  assert.equal(got.tag, "MSG");
  assert.equal((await asRecipient(client, queue, { tag: "GET" })).tag, "MSG");
  assert.equal(
    words(await acknowledge(client, queue, got.messageId)),
    "OK",
  );
  assert.equal(await recipientSays(client, queue, { tag: "GET" }), "OK");
  const { total } = relay.relay.control.statistics();
  const counted = (names: CounterName[]) => names.map((name) => total[name]);
  assert.deepEqual(
    counted(["msgGet", "msgGetDuplicate", "msgGetNoMsg", "msgRecvGet"]),
    [1, 1, 1, 1],
  );
  assert.deepEqual(counted(["msgRecv", "msgRecvNtf", "msgSentNtf"]), [1, 1, 1]);
});

Deno.test("batches and refused commands are counted once each", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queues = [
    await createQueue(client, { subscribe: false }),
    await createQueue(client, { subscribe: false }),
  ];
  const stranger = generateAuthKeyPair("ed25519").privateKey;
  const all = (tag: "SUB" | "DEL", key?: typeof stranger) =>
    Promise.all(client.smp.requestAll(
      queues.map((queue) => ({
        command: { tag },
        entityId: queue.entityId,
        key: key ?? queue.key,
      })),
    ));
  await all("SUB", stranger);
  holds(relay, { qCreated: 2, qSubAuth: 2, qSubAllB: 1 });
  await all("SUB");
  await all("DEL");
  holds(relay, {
    qCreated: 2,
    qSubAuth: 2,
    qSubAllB: 2,
    qDeletedAllB: 1,
    qDeletedAll: 2,
    qDeletedNew: 2,
  });
});

Deno.test("counters and active queues outlive a restart", async () => {
  await using relay = await TestRelay.start();
  {
    await using client = await relay.connect();
    const { to } = await createSecured(client);
    assert.equal(await sends(client, "kept", to), "OK");
  }
  await relay.restart();
  const { total, activeQueues, stored } = relay.relay.control.statistics();
  assert.equal(total.msgSent, 1);
  assert.equal(total.qCreated, 1);
  assert.equal(activeQueues.month, 1);
  assert.equal(stored.messages, 1);
});

Deno.test("metrics over HTTP follow what clients do, and name none of them", async () => {
  await using relay = await TestRelay.start({
    set: ["metrics.address=127.0.0.1:0"],
  });
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client);
  assert.equal(await sends(client, "one", to), "OK");
  await nextMessage(client, queue);
  const response = await fetch(relay.relay.metricsUrl ?? "");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /version=0\.0\.4/);
  const text = await response.text();
  const metrics = parseMetrics(text);
  const value = (name: string) => metrics.get(name)?.samples[0].value;
  assert.equal(value("simplex_smp_messages_sent"), 1);
  assert.equal(value("simplex_smp_clients_total"), 1);
  assert.equal(value("simplex_smp_delivered_total"), 1);
  assert.equal(value("simplex_smp_delivered_clients_total"), 1);
  assert.equal(value("simplex_smp_subscribtion_total"), 1);
  assert.equal(value("simplex_smp_sockets_active"), 1);
  assert.equal(value("simplex_smp_loaded_queues_queue_count"), 1);
  assert.equal(value("porchlight_connections"), 1);
  const blocks = (value("porchlight_received_bytes_total") ?? 0) / 16384;
  assert(blocks >= 3 && Number.isInteger(blocks), String(blocks));
  const commits = metrics.get("porchlight_commit_seconds")?.samples
    .find(({ name }) => name.endsWith("_count"))?.value ?? 0;
  assert(commits >= 2, `${commits} commits`);
  for (
    const name of [
      "porchlight_store_bytes",
      "porchlight_disk_free_bytes",
      "porchlight_memory_bytes",
      "simplex_smp_threads_total",
    ]
  ) assert((value(name) ?? 0) > 0, name);
  for (const id of [queue.ids.recipientId, queue.ids.senderId]) {
    assert(!text.includes(id.toBase64({ alphabet: "base64url" })));
  }
  const labels = [...metrics.values()].flatMap(({ samples }) =>
    samples.flatMap((each) => Object.keys(each.labels))
  );
  assert.deepEqual([...new Set(labels)].sort(), [
    "le",
    "part",
    "period",
    "port",
    "result",
    "rts_options",
    "source",
    "type",
    "version",
  ]);
});

Deno.test("a metrics file is there soon after the start", async () => {
  await using relay = await TestRelay.start({
    set: [
      "stats.prometheus_file=metrics.txt",
      "stats.prometheus_interval=100ms",
    ],
  });
  const path = join(relay.config.data.directory, "metrics.txt");
  const end = performance.now() + 5000;
  let text: string | undefined;
  while (text === undefined && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    text = await Deno.readTextFile(path).catch(() => undefined);
  }
  assert.equal(parseMetrics(text ?? "").get("simplex_smp_info")?.type, "gauge");
});
