/**
 * Starting and killing the relay's process.
 *
 * @module
 */

import { fromBase64Url } from "../../relay/wire/mod.ts";
import { Fault } from "./fault.ts";
import type { RelayOrder } from "./relay_process.ts";

/** The longest that a start may take, in milliseconds. */
const START_LIMIT = 30_000;

/** A relay that takes connections. */
export interface RunningChild {
  readonly port: number;
  readonly fingerprint: Uint8Array;
  /** Where its metrics are, if it serves them. */
  readonly metricsUrl: string | undefined;
  /** From the start of the process until it took connections. */
  readonly startMs: number;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Ends it as its owner would. */
  stop(): Promise<void>;
}

/**
 * Starts the relay.
 *
 * @throws {Fault} when it does not come up by itself in time
 */
export async function startChild(order: RelayOrder): Promise<RunningChild> {
  const began = performance.now();
  const child = spawn(order);
  const complaints = new Response(child.stderr).text();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const limit = setTimeout(() => child.kill("SIGKILL"), START_LIMIT);
  let line = "";
  while (!line.endsWith("\n")) {
    const { value, done } = await output.read();
    if (done) break;
    line += value;
  }
  clearTimeout(limit);
  const startMs = performance.now() - began;
  const ended = async () => {
    await output.cancel();
    await child.status;
    const text = (await complaints).trim();
    if (text !== "") throw new Fault(`the relay complained: ${text}`);
  };
  if (!line.endsWith("\n")) {
    await child.stdin.close();
    await ended();
    throw new Fault(
      `the relay did not come up within ${Math.round(startMs)} ms`,
    );
  }
  const { port, fingerprint, metricsUrl } = JSON.parse(line);
  const bytes = fromBase64Url(fingerprint);
  if (bytes === undefined) throw new Fault("the fingerprint is no base64url");
  return {
    port,
    fingerprint: bytes,
    metricsUrl,
    startMs,
    async kill() {
      try {
        child.kill("SIGKILL");
      } catch (cause) {
        await ended();
        throw new Fault("the relay had ended by itself", { cause });
      }
      await child.stdin.abort().catch(() => {/* The process is gone. */});
      await ended();
    },
    async stop() {
      await child.stdin.close();
      await ended();
      const { code } = await child.status;
      if (code !== 0) throw new Fault(`the relay ended with code ${code}`);
    },
  };
}

/** Kills a relay while it starts. */
export async function killAtStart(
  order: RelayOrder,
  afterMs: number,
): Promise<void> {
  const child = spawn(order);
  const complaints = new Response(child.stderr).text();
  const output = new Response(child.stdout).text();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill("SIGKILL");
  await child.stdin.abort().catch(() => {/* The process is gone. */});
  await child.status;
  await output;
  const text = (await complaints).trim();
  if (text !== "") throw new Fault(`the relay complained: ${text}`);
}

function spawn(order: RelayOrder): Deno.ChildProcess {
  const script = new URL("./relay_process.ts", import.meta.url);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script.href, JSON.stringify(order)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
