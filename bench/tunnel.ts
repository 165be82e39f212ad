/**
 * What comes through a core: load client, core and home in processes of their
 * own, the line between core and home with a delay of 30 ms each way.
 *
 * @module
 */

import { type Connection, dialTls } from "../relay/transport/mod.ts";
import { Child } from "./child.ts";
import type { Table } from "./table.ts";

const DELAY_MS = 30;
const NAME = "tunnel";

/** Fetches `size` bytes over a connection. */
async function fetchBytes(
  connection: Connection,
  size: number,
): Promise<void> {
  ask(connection, size);
  for (let got = 0; got < size;) {
    const view = await connection.read();
    if (view === undefined) throw new Error("The visit ended");
    got += view.length;
  }
}

function ask(connection: Connection, size: number): void {
  const wish = new Uint8Array(8);
  new DataView(wish.buffer).setBigUint64(0, BigInt(size));
  connection.write(wish);
}

function freePort(): number {
  using listener = Deno.listen({ port: 0 });
  return listener.addr.port;
}

/** MB/s, CPU and memory for streams through a core. */
export async function measureTunnel(
  table: Table,
  { megabytes, streams }: { megabytes: number; streams: readonly number[] },
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "porchlight-bench-" });
  try {
    for (const delay of [0, DELAY_MS]) {
      await measure(table, { megabytes, streams, delay, directory });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function measure(
  table: Table,
  { megabytes, streams, delay, directory }: {
    megabytes: number;
    streams: readonly number[];
    delay: number;
    directory: string;
  },
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const [corePort, delayPort] = [freePort(), freePort()];
  const script = "./tunnel_process.ts";
  const core = stack.use(
    new Child(script, ["core", `${directory}/core`, corePort, 30_000]),
  );
  const { address } = JSON.parse(await core.line());
  if (delay > 0) {
    const line = stack.use(
      new Child("../tests/lab/delay.ts", [
        ...[delayPort, "127.0.0.1", corePort, delay],
      ]),
    );
    await line.line();
  }
  const home = stack.use(
    new Child(script, [
      ...["home", `${directory}/home`, address],
      delay > 0 ? delayPort : corePort,
    ]),
  );
  const { port } = JSON.parse(await home.line());
  const dial = () => dialTls("127.0.0.1", port, { alpn: ["smp/1"] });
  const at = delay > 0 ? `tunnel, ${2 * delay} ms` : "tunnel";
  table.add(`${at}: core at rest, RSS MB`, core.rss() / 1e6, NAME);
  table.add(`${at}: home at rest, RSS MB`, home.rss() / 1e6, NAME);
  for (const count of streams) {
    const apps: Connection[] = [];
    for (let from = 0; from < count; from += 20) {
      const some = Math.min(20, count - from);
      apps.push(...await Promise.all(Array.from({ length: some }, dial)));
    }
    // Windows grow to the path.
    await Promise.all(apps.map((app) => fetchBytes(app, 4e6 / count)));
    core.takePeak();
    home.takePeak();
    const cpu = [core.cpu(), home.cpu()];
    const since = performance.now();
    const each = megabytes * 1e6 / count;
    await Promise.all(apps.map((app) => fetchBytes(app, each)));
    const seconds = (performance.now() - since) / 1000;
    const gigabytes = megabytes / 1000;
    const what = `${at}, ${count} streams`;
    table.add(`${what}: MB/s`, megabytes / seconds, NAME);
    table.add(
      `${what}: core, CPU s/GB`,
      (core.cpu() - cpu[0]) / gigabytes,
      NAME,
    );
    table.add(
      `${what}: home, CPU s/GB`,
      (home.cpu() - cpu[1]) / gigabytes,
      NAME,
    );
    table.add(`${what}: core, peak RSS MB`, core.takePeak() / 1e6, NAME);
    table.add(`${what}: home, peak RSS MB`, home.takePeak() / 1e6, NAME);
    for (const app of apps) app.abort();
  }
  const stalled = await Promise.all(Array.from({ length: 20 }, dial));
  for (const app of stalled) ask(app, 1e9);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const app = await dial();
  const since = performance.now();
  await fetchBytes(app, megabytes * 1e6 / 4);
  const seconds = (performance.now() - since) / 1000;
  const what = `${at}, one beside 20 stalled`;
  table.add(`${what}: MB/s`, megabytes / 4 / seconds, NAME);
  table.add(`${what}: core, peak RSS MB`, core.takePeak() / 1e6, NAME);
  table.add(`${what}: home, peak RSS MB`, home.takePeak() / 1e6, NAME);
  for (const each of [app, ...stalled]) each.abort();
}
