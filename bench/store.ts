/**
 * What the store costs, and what other layouts of it would.
 *
 * `deno run -A bench/store.ts [layouts|load|slow|large]...` (all of them when
 * none is named). Data goes to a temporary folder: set `TMPDIR` to one on the
 * disk in question, a RAM disk says nothing about bytes written.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openSqliteStore, type Store } from "../relay/store/mod.ts";
import { benchLayouts } from "./store_layouts.ts";
import { bytesWritten, cpuTime } from "./store_measure.ts";

/** Bytes of the body of a full message. */
const BODY_SIZE = 16_000;

function percentile(sorted: readonly number[], share: number): string {
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index].toFixed(2);
}

async function withStore(
  options: { fsyncDelay?: number },
  test: (store: Store, dir: string) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await using store = await openSqliteStore({ dir, ...options });
    await test(store, dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

interface AddedQueue {
  readonly key: number;
  readonly recipientId: Uint8Array;
}

function addQueues(store: Store, count: number): AddedQueue[] {
  const queues: AddedQueue[] = [];
  for (let i = 0; i < count; i++) {
    const key = store.nextQueueKey();
    const record = {
      recipientId: randomBytes(24),
      senderId: randomBytes(24),
      recipientKeys: [randomBytes(44)],
      recipientDhSecret: randomBytes(32),
      senderKey: randomBytes(44),
      mode: "M" as const,
      status: { type: "active" as const },
      updatedDay: 20_000,
    };
    store.write({ type: "addQueue", key, record });
    queues.push({ key, recipientId: record.recipientId });
  }
  return queues;
}

function addMessage(store: Store, key: number, body: Uint8Array) {
  const seq = store.nextSeq();
  const meta = {
    seq,
    id: randomBytes(24),
    time: Math.floor(Date.now() / 1000),
    notification: false,
    quota: false,
  };
  const group = store.write({ type: "addMessage", key, meta, body });
  return { seq, group };
}

/** How late the event loop comes back, ms; sampled until `stop`. */
function watchEventLoop(): { stop(): number } {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 5);
    last = now;
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return worst;
    },
  };
}

/** `senders` at a time add a message, wait, delete it, wait. */
async function load(
  store: Store,
  queues: readonly AddedQueue[],
  { senders, messages }: { senders: number; messages: number },
): Promise<Record<string, string | number>> {
  const body = randomBytes(BODY_SIZE);
  const latencies: number[] = [];
  let left = messages;
  async function sender(): Promise<void> {
    while (left-- > 0) {
      const { key } = queues[Math.floor(Math.random() * queues.length)];
      const started = performance.now();
      const { seq, group } = addMessage(store, key, body);
      await group.committed;
      latencies.push(performance.now() - started);
      await store.write({ type: "deleteMessages", seqs: [seq] }).committed;
    }
  }
  const loop = watchEventLoop();
  const [cpu, written, started] = [
    cpuTime(),
    bytesWritten(),
    performance.now(),
  ];
  await Promise.all(Array.from({ length: senders }, sender));
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    senders,
    "messages/s": Math.round(messages / seconds),
    "CPU µs/message": Math.round((cpuTime() - cpu) / messages),
    "KiB written/message": Math.round(
      (bytesWritten() - written) / messages / 102.4,
    ) / 10,
    "commit ms p50": percentile(latencies, 0.5),
    "p99": percentile(latencies, 0.99),
    "event loop late ms": loop.stop().toFixed(1),
  };
}

async function benchLoad(): Promise<void> {
  console.log("\nOne message added and deleted, each durable:");
  await withStore({}, async (store) => {
    const queues = addQueues(store, 1000);
    await store.flush();
    await load(store, queues, { senders: 64, messages: 4000 });
    const rows = [];
    for (const senders of [1, 8, 64, 256]) {
      const messages = senders === 1 ? 2000 : 10_000;
      rows.push(await load(store, queues, { senders, messages }));
    }
    console.table(rows);
  });
}

async function benchSlow(): Promise<void> {
  for (const fsyncDelay of [5, 20, 50]) {
    console.log(`\nThe same, each fsync ${fsyncDelay} ms slower:`);
    await withStore({ fsyncDelay }, async (store) => {
      const queues = addQueues(store, 1000);
      await store.flush();
      const rows = [];
      for (const senders of [1, 64, 512]) {
        const messages = senders * Math.max(2, Math.round(100 / fsyncDelay));
        rows.push(await load(store, queues, { senders, messages }));
      }
      console.table(rows);
    });
  }
}

/** Mean time of `read`, µs. */
function timeOf(read: (i: number) => unknown): string {
  const times = 2000;
  const started = performance.now();
  for (let i = 0; i < times; i++) read(i);
  return ((performance.now() - started) * 1000 / times).toFixed(1);
}

async function benchLarge(): Promise<void> {
  console.log("\n100,000 queues and 10,000 stored messages:");
  const dir = Deno.makeTempDirSync();
  const seqs: number[] = [];
  let queues: AddedQueue[] = [];
  const result: Record<string, string> = {};
  {
    await using store = await openSqliteStore({ dir });
    const written = bytesWritten();
    const cpu = cpuTime();
    for (let i = 0; i < 100; i++) {
      queues = queues.concat(addQueues(store, 1000));
      await store.flush();
    }
    result["queue added: CPU µs (groups of 1000)"] =
      ((cpuTime() - cpu) / 100_000).toFixed(1);
    result["queue added: KiB written"] = ((bytesWritten() - written) / 1024 /
      100_000).toFixed(1);
    const body = randomBytes(BODY_SIZE);
    for (let i = 0; i < 10_000; i++) {
      const { key } = queues[Math.floor(Math.random() * queues.length)];
      seqs.push(addMessage(store, key, body).seq);
      if (i % 100 === 0) await store.flush();
    }
    await store.flush();
  }
  const size = Deno.statSync(join(dir, "relay.db")).size;
  result["database MiB"] = (size / 1024 / 1024).toFixed(1);
  const rss = Deno.memoryUsage().rss;
  const started = performance.now();
  {
    await using store = await openSqliteStore({ dir });
    result["open ms"] = (performance.now() - started).toFixed(1);
    result["findQueue µs"] = timeOf((i) =>
      store.findQueue("recipient", queues[i * 37].recipientId)
    );
    result["findQueue µs, not there"] = timeOf(() =>
      store.findQueue("sender", queues[0].recipientId)
    );
    result["messages µs"] = timeOf((i) => store.messages(queues[i * 37].key));
    result["messageBody µs"] = timeOf((i) => store.messageBody(seqs[i]));
    const counting = performance.now();
    store.counts();
    result["counts ms"] = (performance.now() - counting).toFixed(1);
    const before = Date.now() / 1000 + 60;
    const expiring = performance.now();
    store.oldMessages(before, 1000);
    result["oldMessages(1000) ms"] = (performance.now() - expiring).toFixed(1);
    const grown = Deno.memoryUsage().rss - rss;
    result["memory of the open store MiB"] = (grown / 1024 / 1024).toFixed(1);
  }
  console.table(result);
  Deno.removeSync(dir, { recursive: true });
}

if (import.meta.main) {
  const parts: Readonly<Record<string, () => Promise<void> | void>> = {
    layouts: benchLayouts,
    load: benchLoad,
    slow: benchSlow,
    large: benchLarge,
  };
  const names = Deno.args.length > 0 ? Deno.args : Object.keys(parts);
  for (const name of names) {
    const part = parts[name];
    if (part === undefined) {
      console.error(
        `There is no part ${name}: ${Object.keys(parts).join(", ")}`,
      );
      Deno.exit(1);
    }
    await part();
  }
}
