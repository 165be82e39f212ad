/**
 * `deno task bench`: what the relay does, and what it costs.
 *
 * ```text
 * deno task bench [--quick] [--only PART] [--reference PATH_OF_SMP_SERVER]
 *                 [--reference-files PATH_OF_XFTP_SERVER]
 * ```
 * Parts: `load`, `proxy`, `xftp`, `tunnel`, `directory`, `slow-disk`, `idle`, `start`. With the reference's
 * binary the same load runs against it in turn, and the table has the ratios.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { measureDirectory } from "./directory.ts";
import { fillStore } from "./fill.ts";
import { measureIdle } from "./idle.ts";
import { type LoadResult, measureLoad } from "./load.ts";
import { measurePing } from "./ping.ts";
import { measureProxy } from "./proxy.ts";
import { Table } from "./table.ts";
import {
  startPorchlight,
  startReference,
  startReferenceFiles,
  type Target,
  type TargetOptions,
  usage,
} from "./target.ts";
import { measureTunnel } from "./tunnel.ts";
import { measureTransferMemory, measureTransfers } from "./xftp.ts";

const SLOW_FSYNC_MS = 20;

interface Plan {
  readonly seconds: number;
  readonly idle: readonly number[];
  readonly queues: number;
  readonly messages: number;
}

const FULL: Plan = {
  seconds: 10,
  idle: [1000, 5000],
  queues: 100_000,
  messages: 10_000,
};
const QUICK: Plan = { seconds: 2, idle: [200], queues: 2000, messages: 200 };

type Start = (options: TargetOptions) => Promise<Target>;

/** Runs `measure` against a new server and removes what it left. */
async function against<T>(
  start: Start,
  options: Omit<TargetOptions, "directory">,
  measure: (target: Target) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "porchlight-bench-" });
  try {
    await using target = await start({ ...options, directory });
    return await measure(target);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function loads(
  target: Target,
  { table, plan, disk }: { table: Table; plan: Plan; disk: string },
): Promise<void> {
  const add = (what: string, result: LoadResult) => {
    table.add(`${disk}${what}: messages/s`, result.perSecond, target.name);
    table.add(`${disk}${what}: SEND to MSG p50, ms`, result.p50, target.name);
    table.add(`${disk}${what}: SEND to MSG p99, ms`, result.p99, target.name);
    table.add(`${disk}${what}: CPU/message, ms`, result.cpuMs, target.name);
    table.add(
      `${disk}${what}: bytes written/byte relayed`,
      result.writeRatio,
      target.name,
    );
  };
  let most = 0;
  for (const connections of [1, 10, 100]) {
    const { seconds } = plan;
    const result = await measureLoad(target, { connections, seconds });
    add(`${connections} pairs`, result);
    most = Math.max(most, result.perSecond);
  }
  const half = { connections: 100, seconds: plan.seconds, rate: most / 2 };
  const [result, ping] = await Promise.all([
    measureLoad(target, half),
    measurePing(target, plan.seconds + 1),
  ]);
  add("100 pairs, half load", result);
  table.add(`${disk}half load: PING p50, ms`, ping.p50, target.name);
  table.add(`${disk}half load: PING p99, ms`, ping.p99, target.name);
}

async function proxied(
  { proxy, destination }: { proxy: Target; destination: Target },
  table: Table,
  plan: Plan,
): Promise<void> {
  for (const connections of [1, 10, 100]) {
    const { seconds } = plan;
    const load = { connections, seconds };
    const result = await measureProxy(proxy, destination, load);
    const what = `proxied, ${connections} pairs`;
    const { name } = proxy;
    table.add(`${what}: messages/s`, result.perSecond, name);
    table.add(`${what}: SEND to MSG p50, ms`, result.p50, name);
    table.add(`${what}: SEND to MSG p99, ms`, result.p99, name);
    table.add(`${what}: added to p50, ms`, result.addedMs, name);
    table.add(`${what}: CPU of proxy/message, ms`, result.cpuMs, name);
    table.add(`${what}: RSS of proxy, MB`, result.rss / 1e6, name);
  }
}

async function files(start: Start, table: Table, plan: Plan): Promise<void> {
  for (const clients of [1, 16]) {
    await against(start, {}, async (target) => {
      const { seconds } = plan;
      const result = await measureTransfers(target, { clients, seconds });
      for (const direction of ["upload", "download"] as const) {
        const { perSecond, cpuMs } = result[direction];
        const what = `${direction}, ${clients} clients`;
        table.add(`${what}: MB/s`, perSecond, target.name);
        table.add(`${what}: CPU/GB, s`, cpuMs, target.name);
      }
    });
  }
  await against(start, {}, async (target) => {
    const growth = await measureTransferMemory(target, plan);
    table.add("100 transfers: RSS growth, MB", growth / 1e6, target.name);
  });
}

async function idle(
  target: Target,
  { table, connections }: { table: Table; connections: number },
): Promise<void> {
  table.add("at rest: RSS, MB", usage(target).rss / 1e6, target.name);
  const result = await measureIdle(target, connections);
  const what = `${connections} idle`;
  table.add(`${what}: KB/connection`, result.bytesEach / 1000, target.name);
  table.add(`${what}: handshake, ms`, result.handshakeMs, target.name);
  table.add(`${what}: CPU/handshake, ms`, result.handshakeCpuMs, target.name);
}

async function start(table: Table, plan: Plan): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "porchlight-bench-" });
  try {
    await fillStore(directory, plan);
    await using target = await startPorchlight({ directory });
    const what = `${plan.queues} queues, ${plan.messages} messages`;
    table.add(`start with ${what}: s`, target.startMs / 1000, target.name);
    table.add(`${what}: RSS, MB`, usage(target).rss / 1e6, target.name);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      reference: { type: "string" },
      "reference-files": { type: "string" },
      only: { type: "string", multiple: true },
    },
  });
  const plan = values.quick ? QUICK : FULL;
  const wanted = (part: string) => values.only?.includes(part) ?? true;
  const { reference } = values;
  const servers: Start[] = reference === undefined
    ? [startPorchlight]
    : [startPorchlight, (options) => startReference(reference, options)];
  const table = new Table();
  for (const server of servers) {
    if (wanted("load")) {
      await against(
        server,
        {},
        (target) => loads(target, { table, plan, disk: "" }),
      );
    }
    if (wanted("idle")) {
      // A server of its own for each: memory that was used once stays.
      for (const connections of plan.idle) {
        await against(
          server,
          {},
          (target) => idle(target, { table, connections }),
        );
      }
    }
    if (wanted("proxy")) {
      const set = ["proxy.allow_local=true"];
      await against(
        server,
        { set },
        (proxy) =>
          against(
            server,
            {},
            (destination) => proxied({ proxy, destination }, table, plan),
          ),
      );
    }
  }
  if (wanted("xftp")) {
    await files(startPorchlight, table, plan);
    const binary = values["reference-files"];
    if (binary !== undefined) {
      await files(
        (options) => startReferenceFiles(binary, options),
        table,
        plan,
      );
    }
  }
  if (wanted("tunnel")) {
    await measureTunnel(table, {
      megabytes: values.quick ? 100 : 400,
      streams: values.quick ? [1, 20] : [1, 100, 500],
    });
  }
  if (wanted("directory")) {
    await measureDirectory(table, {
      relays: values.quick ? 500 : 10_000,
      seconds: plan.seconds,
    });
  }
  if (wanted("slow-disk")) {
    const disk = `fsync +${SLOW_FSYNC_MS} ms, `;
    await against(
      startPorchlight,
      { fsyncDelay: SLOW_FSYNC_MS },
      (target) => loads(target, { table, plan, disk }),
    );
  }
  if (wanted("start")) await start(table, plan);
  console.log(table.toString());
}
