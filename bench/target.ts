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

/** What differs between the reference's servers. */
interface ReferenceKind {
  /** Beginning of the names of its environment variables. */
  readonly prefix: "SMP" | "XFTP";
  readonly ini: string;
  /** Arguments of `init`. */
  readonly init: (directory: string) => string[];
}

const MESSAGES: ReferenceKind = {
  prefix: "SMP",
  ini: "smp-server.ini",
  init: () => ["--yes", "--no-password", "--fqdn", "localhost"],
};
const FILES: ReferenceKind = {
  prefix: "XFTP",
  ini: "file-server.ini",
  init: (directory) => [
    ...["--fqdn", "localhost", "--quota", "20gb"],
    ...["--path", `${directory}/files`],
  ],
};

/** Starts the reference server from its binary, with its memory store. */
export function startReference(
  binary: string,
  options: TargetOptions,
): Promise<Target> {
  return startReferenceOf(MESSAGES, { binary, ...options });
}

/** Starts the reference's server for files from its binary. */
export async function startReferenceFiles(
  binary: string,
  options: TargetOptions,
): Promise<Target> {
  await Deno.mkdir(`${options.directory}/files`);
  return await startReferenceOf(FILES, { binary, ...options });
}

async function startReferenceOf(
  { prefix, ini, init }: ReferenceKind,
  { binary, directory }: TargetOptions & { readonly binary: string },
): Promise<Target> {
  const port = freePort();
  const configuration = `${directory}/etc`;
  const env = {
    [`${prefix}_SERVER_CFG_PATH`]: configuration,
    [`${prefix}_SERVER_LOG_PATH`]: `${directory}/var`,
  };
  const made = await new Deno.Command(binary, {
    args: ["init", ...init(directory)],
    env,
    stdin: "null",
  }).output();
  if (!made.success) {
    throw new Error("The reference server could not make its configuration", {
      cause: new TextDecoder().decode(made.stderr),
    });
  }
  const settings = `${configuration}/${ini}`;
  const text = await Deno.readTextFile(settings);
  await Deno.writeTextFile(
    settings,
    text.replace(/^port\s*[:=].*$/m, `port = ${port}`)
      .replace(/^(https|cert|key|static_path|control_port)\s*[:=].*$/gm, ""),
  );
  const fingerprint = await Deno.readTextFile(`${configuration}/fingerprint`);
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
