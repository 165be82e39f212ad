/**
 * A core outside, with a resolver through which everybody finds it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { LabResolver } from "./resolver.ts";

/** Domain of the lab's core; its top-level domain is never a real one. */
export const CORE_DOMAIN = "relays.lab.test";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** A core that runs in the place `core`; disposing of it ends it. */
export class LabCore implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #directory: string;
  readonly #set: readonly string[];
  readonly #resolver: LabResolver;
  #running: RunningCore | undefined;

  private constructor(
    lab: Lab,
    options: {
      directory: string;
      set: readonly string[];
      resolver: LabResolver;
    },
  ) {
    this.#lab = lab;
    this.#directory = options.directory;
    this.#set = options.set;
    this.#resolver = options.resolver;
  }

  /** Starts a resolver and a core with these further settings. */
  static async start(
    lab: Lab,
    { set = [] }: { set?: readonly string[] } = {},
  ): Promise<LabCore> {
    const resolver = await LabResolver.start(lab, {
      domain: CORE_DOMAIN,
      address: lab.address("core"),
    });
    const directory = await Deno.makeTempDir({ prefix: "lab-core-" });
    const core = new LabCore(lab, { directory, set, resolver });
    try {
      await core.start();
      return core;
    } catch (error) {
      await core[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What relays are given to find it. */
  get address(): string {
    if (this.#running === undefined) throw new Error("the core is stopped");
    return this.#running.address;
  }

  /** Starts it again, on what it knew before. */
  async start(): Promise<void> {
    const { address, address6 } = {
      address: this.#lab.address("core"),
      address6: this.#lab.address6("core"),
    };
    this.#running = await RunningCore.start(this.#lab, [
      `data.directory=${join(this.#directory, "data")}`,
      `core.domain=${CORE_DOMAIN}`,
      `core.addresses=${address},${address6}`,
      ...this.#set,
    ]);
  }

  /** Ends it; what it logged. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<string> {
    const output = await this.#running?.stop(signal);
    this.#running = undefined;
    return output ?? "";
  }

  /** Addresses of a name, as the core itself says or as the resolver does. */
  async lookUp(
    name: string,
    { at = "core", type = "A" }: {
      at?: "core" | "resolver";
      type?: "A" | "AAAA";
    } = {},
  ): Promise<string[]> {
    const { stdout } = await this.#lab.run("client", [
      ...["dig", "+short", "+time=1", "+tries=2"],
      ...[`@${this.#lab.address(at)}`, name, type],
    ]);
    return stdout.split("\n").filter((line) => /^[\da-f.:]+$/.test(line))
      .sort();
  }

  /**
   * Waits until the core says that a name is at these addresses; how long that
   * took, seconds.
   */
  async untilName(
    name: string,
    addresses: readonly string[],
    { type = "A", limitSeconds = 15 }: {
      type?: "A" | "AAAA";
      limitSeconds?: number;
    } = {},
  ): Promise<number> {
    const since = performance.now();
    const wanted = JSON.stringify([...addresses].sort());
    for (;;) {
      const found = JSON.stringify(await this.lookUp(name, { type }));
      const took = (performance.now() - since) / 1000;
      if (found === wanted) return took;
      if (took > limitSeconds) {
        throw new Error(`${name} is at ${found} after ${took} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#resolver.stop();
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
  }
}

class RunningCore {
  readonly address: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;

  private constructor(
    child: Deno.ChildProcess,
    { address, output }: { address: string; output: Promise<string> },
  ) {
    this.#child = child;
    this.address = address;
    this.#output = output;
  }

  static async start(lab: Lab, set: readonly string[]): Promise<RunningCore> {
    const child = lab.spawn("core", Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", MAIN, "core"],
        ...set.flatMap((setting) => ["--set", setting]),
      ],
      env: { NO_COLOR: "1" },
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const errors = new Response(child.stderr).text();
    const read = async () => {
      let said = "";
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        said += text;
        const [, address] = /(porchlight:\/\/\S+)\s/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      }
      const all = said + await errors;
      reject(new Error(`the core ended: ${all}`));
      return all;
    };
    const output = read();
    return new RunningCore(child, { address: await promise, output });
  }

  async stop(signal: Deno.Signal): Promise<string> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    return await this.#output;
  }
}
