/**
 * The reference's server as a child process. `PORCHLIGHT_REFERENCE` has the
 * path of its binary, `smp-server`; without it, tests that need it are skipped.
 *
 * @module
 */

import { join } from "node:path";
import { parseFingerprint } from "../../relay/identity/mod.ts";

/** Path of the binary, if the machine has one. */
export const referenceBinary = Deno.env.get("PORCHLIGHT_REFERENCE");

/** A test against the reference; says so where it cannot run. */
export function referenceTest(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: referenceBinary
      ? name
      : `${name} (skipped: PORCHLIGHT_REFERENCE is not set)`,
    ignore: !referenceBinary,
    fn: run,
  });
}

/** Where a server keeps its files. */
export interface ReferencePlace {
  readonly config: string;
  readonly state: string;
}

/** Makes a server's directories with `smp-server init`. */
export async function initReference(
  place: ReferencePlace,
  { port, store }: { port: number; store: "memory" | "journal" },
): Promise<void> {
  const { success } = await command(place, [
    "init",
    "--yes",
    "--no-password",
    "--disable-web",
    "--daily-stats",
    "--fqdn",
    "localhost",
  ]).output();
  if (!success) throw new Error("smp-server init failed");
  const path = join(place.config, "smp-server.ini");
  const ini = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    path,
    ini.replace(/^port = .*$/m, `port: ${port}`)
      .replace(/^store_messages = .*$/m, `store_messages = ${store}`),
  );
}

/** A server that runs. */
export class ReferenceServer implements AsyncDisposable {
  readonly ports: readonly number[];
  readonly identity: { readonly fingerprint: Uint8Array };
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;

  private constructor(
    child: Deno.ChildProcess,
    { port, fingerprint }: { port: number; fingerprint: Uint8Array },
  ) {
    this.#child = child;
    this.#output = textOf(child);
    this.ports = [port];
    this.identity = { fingerprint };
  }

  /** Starts it and waits until it listens. */
  static async start(
    place: ReferencePlace,
    port: number,
  ): Promise<ReferenceServer> {
    const text = await Deno.readTextFile(join(place.config, "fingerprint"));
    const fingerprint = parseFingerprint(text.trim());
    if (fingerprint === undefined) throw new Error("No fingerprint");
    const child = command(place, ["start"]).spawn();
    const server = new ReferenceServer(child, { port, fingerprint });
    for (let i = 0; i < 300; i++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port })
        .catch(() => undefined);
      if (connection !== undefined) {
        connection.close();
        return server;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGKILL");
    throw new Error(`smp-server does not listen:\n${await server.#output}`);
  }

  /** Stops it in order: it writes what it has in memory. */
  async stop(): Promise<string> {
    try {
      this.#child.kill("SIGINT");
    } catch (error) {
      // It has ended by itself; its output says why.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    return await this.#output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A port that nobody uses. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function command(place: ReferencePlace, args: string[]): Deno.Command {
  return new Deno.Command(referenceBinary ?? "smp-server", {
    args,
    env: {
      SMP_SERVER_CFG_PATH: place.config,
      SMP_SERVER_LOG_PATH: place.state,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function textOf(child: Deno.ChildProcess): Promise<string> {
  const texts = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return texts.join("");
}
