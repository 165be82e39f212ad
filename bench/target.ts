/**
 * What the benchmark measures: a relay, or the reference server, as a child
 * process, and what the kernel says about that process.
 *
 * @module
 */

import { fromBase64Url } from "../relay/wire/mod.ts";

/** A server under test. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly fingerprint: Uint8Array;
  /** From the start of the process until it took connections. */
  readonly startMs: number;
}

/** Use of resources by a process, from its start. */
export interface Usage {
  readonly cpuMs: number;
  /** Resident memory now, in bytes. */
  readonly rss: number;
  /** Bytes that the process caused to be written to disk. */
  readonly written: number;
}

/** How to start a target. */
export interface TargetOptions {
  readonly directory: string;
  readonly fsyncDelay?: number;
  readonly set?: readonly string[];
}

/** Starts Porchlight's relay. */
export async function startPorchlight(options: TargetOptions): Promise<Target> {
  const script = new URL("./relay_process.ts", import.meta.url);
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      // As the `porchlight` script does.
      "--v8-flags=--max-semi-space-size=4",
      script.pathname,
      options.directory,
      String(options.fsyncDelay ?? 0),
      ...options.set ?? [],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const line = await firstLine(child.stdout);
  const startMs = performance.now() - began;
  const { port, fingerprint } = JSON.parse(line);
  return {
    name: "porchlight",
    pid: child.pid,
    port,
    fingerprint: bytesOf(fingerprint),
    startMs,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
    },
  };
}

/** Starts the reference server from its binary, with its memory store. */
export async function startReference(
  binary: string,
  { directory }: TargetOptions,
): Promise<Target> {
  const port = freePort();
  const env = {
    SMP_SERVER_CFG_PATH: `${directory}/etc`,
    SMP_SERVER_LOG_PATH: `${directory}/var`,
  };
  const init = await new Deno.Command(binary, {
    args: ["init", "--yes", "--no-password", "--fqdn", "localhost"],
    env,
    stdin: "null",
  }).output();
  if (!init.success) {
    throw new Error("The reference server could not make its configuration", {
      cause: new TextDecoder().decode(init.stderr),
    });
  }
  const ini = `${env.SMP_SERVER_CFG_PATH}/smp-server.ini`;
  const text = await Deno.readTextFile(ini);
  await Deno.writeTextFile(
    ini,
    text.replace(/^port\s*[:=].*$/m, `port = ${port}`)
      .replace(/^(https|cert|key|static_path|control_port)\s*[:=].*$/gm, ""),
  );
  const fingerprint = await Deno.readTextFile(
    `${env.SMP_SERVER_CFG_PATH}/fingerprint`,
  );
  const began = performance.now();
  const child = new Deno.Command(binary, {
    args: ["start", "+RTS", "-N", "-RTS"],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await reachable(port);
  return {
    name: "reference",
    pid: child.pid,
    port,
    fingerprint: bytesOf(fingerprint.trim()),
    startMs: performance.now() - began,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.status;
    },
  };
}

/** What the process has used until now. */
export function usage({ pid }: Target): Usage {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const io = Deno.readTextFileSync(`/proc/${pid}/io`);
  return {
    // The kernel counts in hundredths of a second.
    cpuMs: ticks * 10,
    rss: number(status, /^VmRSS:\s+(\d+)/m) * 1024,
    written: number(io, /^write_bytes:\s+(\d+)/m),
  };
}

function number(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? NaN);
}

function bytesOf(fingerprint: string): Uint8Array {
  const bytes = fromBase64Url(fingerprint);
  if (bytes === undefined) throw new Error("The fingerprint is not base64url");
  return bytes;
}

async function firstLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) return text;
  }
  throw new Error("The relay did not start");
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function reachable(port: number): Promise<void> {
  for (let i = 0; i < 600; i++) {
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("The server did not take connections");
}
