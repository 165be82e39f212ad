/**
 * What TLS costs the server: CPU for each 16 KiB block, memory for each idle
 * connection, time of a handshake. The server runs in a process of its own,
 * whose figures come from /proc.
 *
 *     deno run -A bench/transport.ts [echo] [read] [write] [handshake] [idle]
 *
 * Linux only. Needs the `openssl` command for the certificate.
 */

import {
  type Connection,
  dialTls,
  listenTls,
  type TlsCredentials,
} from "../relay/transport/mod.ts";
import { BlockReader } from "../relay/transport/blocks.ts";
import { makeCredentials } from "../relay/transport/testing.ts";

const BLOCK = 16384;
const SECONDS = 4;
const CLOCK_TICKS = 100; // per second; USER_HZ of every Linux architecture

const modes = ["echo", "read", "write", "idle"] as const;
type Mode = (typeof modes)[number];

const handlers: Record<Mode, (connection: Connection) => Promise<void>> = {
  async echo(connection) {
    const blocks = new BlockReader(connection, BLOCK);
    for (;;) {
      const block = await blocks.next();
      if (block === undefined) return;
      connection.write(block);
      if (connection.buffered > 4 * BLOCK) await connection.drained(BLOCK);
    }
  },
  async read(connection) {
    const blocks = new BlockReader(connection, BLOCK);
    while (await blocks.next() !== undefined);
  },
  async write(connection) {
    const block = new Uint8Array(BLOCK);
    while (!connection.closed.aborted) {
      connection.write(block);
      await connection.drained(2 * BLOCK);
    }
  },
  async idle(connection) {
    const blocks = new BlockReader(connection, BLOCK);
    // As a session of SMP: a block each way, then silence.
    for (;;) {
      const block = await blocks.next();
      if (block === undefined) return;
      connection.write(block);
    }
  },
};

async function serve(): Promise<void> {
  const credentials: TlsCredentials = JSON.parse(Deno.args[1]);
  const ports = modes.map((mode) =>
    listenTls({
      addresses: [{ hostname: "127.0.0.1", port: 0 }],
      credentials,
      alpn: ["smp/1"],
      onConnection: (connection) => handlers[mode](connection),
    }).addresses[0].port
  );
  console.log(JSON.stringify(ports));
  await new Promise(() => {});
}

interface Server {
  readonly ports: Record<Mode, number>;
  /** CPU time of all its threads, in seconds. */
  cpu(): number;
  /** Resident memory in bytes. */
  rss(): number;
  stop(): Promise<void>;
}

async function startServer(credentials: TlsCredentials): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      import.meta.filename ?? "",
      "serve",
      JSON.stringify(credentials),
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const [echo, read, write, idle] = JSON.parse(new TextDecoder().decode(value));
  return {
    ports: { echo, read, write, idle },
    cpu() {
      const stat = Deno.readTextFileSync(`/proc/${child.pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
    },
    rss() {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
    },
    async stop() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

function dial(port: number): Promise<Connection> {
  return dialTls("127.0.0.1", port, { alpn: ["smp/1"] });
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `work` on some connections for a while and prints the server's cost. */
async function measure(
  server: Server,
  mode: Mode,
  count: number,
  work: (connection: Connection, until: () => boolean) => Promise<number>,
): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: count }, () => dial(server.ports[mode])),
  );
  const run = async (seconds: number) => {
    const end = performance.now() + seconds * 1000;
    const done = await Promise.all(
      connections.map((each) => work(each, () => performance.now() > end)),
    );
    return done.reduce((sum, blocks) => sum + blocks, 0);
  };
  await run(1); // compiles what is hot
  const before = server.cpu();
  const start = performance.now();
  const blocks = await run(SECONDS);
  const seconds = (performance.now() - start) / 1000;
  const micros = (server.cpu() - before) * 1e6 / blocks;
  console.log(
    `${mode}, ${count} connections: ${
      (blocks / seconds).toFixed(0)
    } blocks/s, ` +
      `server CPU ${micros.toFixed(1)} us a block`,
  );
  for (const connection of connections) connection.abort();
  await sleep(200);
}

async function echoWork(connection: Connection, until: () => boolean) {
  const block = new Uint8Array(BLOCK);
  let blocks = 0;
  while (!until()) {
    connection.write(block);
    await connection.readFull(block);
    blocks++;
  }
  return blocks;
}

async function writeWork(connection: Connection, until: () => boolean) {
  const block = new Uint8Array(BLOCK);
  let blocks = 0;
  while (!until()) {
    connection.write(block);
    await connection.drained(2 * BLOCK);
    blocks++;
  }
  await connection.drained();
  return blocks;
}

async function readWork(connection: Connection, until: () => boolean) {
  const block = new Uint8Array(BLOCK);
  let blocks = 0;
  while (!until() && await connection.readFull(block)) blocks++;
  return blocks;
}

async function measureHandshakes(server: Server): Promise<void> {
  const count = 500;
  const times: number[] = [];
  for (let index = 0; index < 50; index++) {
    (await dial(server.ports.idle)).abort();
  }
  const before = server.cpu();
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    const connection = await dial(server.ports.idle);
    times.push(performance.now() - start);
    connection.abort();
  }
  const micros = (server.cpu() - before) * 1e6 / count;
  times.sort((a, b) => a - b);
  console.log(
    `handshake: median ${times[count / 2].toFixed(2)} ms, ` +
      `99 % ${times[Math.floor(count * 0.99)].toFixed(2)} ms, ` +
      `server CPU ${micros.toFixed(0)} us`,
  );
}

/** Idle connections after one block each way. */
async function measureIdle(server: Server, counts: readonly number[]) {
  const connections: Connection[] = [];
  const block = new Uint8Array(BLOCK);
  const grow = async (target: number) => {
    while (connections.length < target) {
      const some = await Promise.all(
        Array.from(
          { length: Math.min(20, target - connections.length) },
          () => dial(server.ports.idle),
        ),
      );
      for (const connection of some) {
        connection.write(block);
        await connection.readFull(block);
      }
      connections.push(...some);
    }
    await sleep(3000);
  };
  await grow(100);
  const base = server.rss();
  console.log(`idle: 100 connections, RSS ${(base / 2 ** 20).toFixed(0)} MiB`);
  for (const count of counts) {
    await grow(count);
    const rss = server.rss();
    const each = (rss - base) / (count - 100) / 1024;
    console.log(
      `idle: ${count} connections, RSS ${(rss / 2 ** 20).toFixed(0)} MiB, ` +
        `${each.toFixed(1)} KiB each`,
    );
  }
  for (const connection of connections) connection.abort();
}

if (Deno.args[0] === "serve") {
  await serve();
} else {
  const wanted = (name: string) =>
    Deno.args.length === 0 || Deno.args.includes(name);
  const server = await startServer(await makeCredentials("ED25519"));
  try {
    for (const count of [1, 10]) {
      if (wanted("echo")) await measure(server, "echo", count, echoWork);
      if (wanted("read")) await measure(server, "read", count, writeWork);
      if (wanted("write")) await measure(server, "write", count, readWork);
    }
    if (wanted("handshake")) await measureHandshakes(server);
  } finally {
    await server.stop();
  }
  if (wanted("idle")) {
    const fresh = await startServer(await makeCredentials("ED25519"));
    try {
      await measureIdle(fresh, [1000, 5000]);
    } finally {
      await fresh.stop();
    }
  }
}
