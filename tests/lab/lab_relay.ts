/**
 * A relay in a place of the lab: the whole program, as its owner starts it.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  askRelay,
  ControlError,
  type PathAnswer,
  type PathWay,
} from "../../relay/control/mod.ts";
import type { Lab } from "./lab.ts";

/** How a relay is started. */
export interface LabRelayOptions {
  /** Settings, as with `--set`. */
  readonly set?: readonly string[];
  /** Its data; a new directory that goes with it unless given. */
  readonly directory?: string;
  /** Port it listens on. */
  readonly port?: number;
}

/** Port of relays in the lab unless they are given another. */
export const RELAY_PORT = 5223;

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** A relay that runs. Its status and address are asked for as its owner does. */
export class LabRelay implements AsyncDisposable {
  /** When its program was started, on the clock of `performance.now`. */
  readonly startedAt = performance.now();
  readonly place: string;
  readonly directory: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>[];
  readonly #isTemporary: boolean;
  #stopped = false;

  private constructor(
    lab: Lab,
    place: string,
    options:
      & Required<
        LabRelayOptions
      >
      & { isTemporary: boolean },
  ) {
    const { directory, port, set, isTemporary } = options;
    this.place = place;
    this.directory = directory;
    this.#isTemporary = isTemporary;
    const settings = [
      `data.directory=${directory}`,
      `listen.ports=${port}`,
      ...set,
    ];
    this.#child = lab.spawn(place, Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", MAIN, "start"],
        ...["--config", join(directory, "porchlight.toml")],
        ...settings.flatMap((setting) => ["--set", setting]),
      ],
      env: { NO_COLOR: "1" },
    });
    const { stdout, stderr } = this.#child;
    this.#output = [stdout, stderr].map((each) => new Response(each).text());
  }

  /** Starts one and waits until it answers its owner. */
  static async start(
    lab: Lab,
    place: string,
    { set = [], directory, port = RELAY_PORT }: LabRelayOptions = {},
  ): Promise<LabRelay> {
    const relay = new LabRelay(lab, place, {
      set,
      port,
      directory: directory ?? await Deno.makeTempDir({ prefix: "lab-" }),
      isTemporary: directory === undefined,
    });
    try {
      await relay.until(() => true);
      return relay;
    } catch (error) {
      await relay.stop();
      throw error;
    }
  }

  /** A relay outside that calls back to others. */
  static async startCore(lab: Lab): Promise<LabRelay> {
    return await LabRelay.start(lab, "core", {
      set: [
        `address.hosts=${lab.address("core")},${lab.address6("core")}`,
        "path.map_port=false",
      ],
    });
  }

  /** How it says that it is reached. */
  async path(): Promise<PathAnswer> {
    // The socket is a file of ours, and its other end this very version.
    return await askRelay("/path", { socket: this.#socket }) as PathAnswer;
  }

  /** The addresses that it gives to its owner. */
  async addresses(): Promise<string[]> {
    const answer = await askRelay("/address", { socket: this.#socket });
    if (
      typeof answer !== "object" || answer === null ||
      !("addresses" in answer) || !Array.isArray(answer.addresses)
    ) throw new Error("the relay told no addresses");
    return answer.addresses.map(String);
  }

  /**
   * Waits until its path is as wished.
   *
   * @throws {Error} when that takes too long, with the path and its output
   */
  async until(
    ready: (path: PathAnswer) => boolean,
    milliseconds = 30_000,
  ): Promise<PathAnswer> {
    const end = performance.now() + milliseconds;
    let path: PathAnswer | undefined;
    while (performance.now() < end) {
      try {
        path = await this.path();
        if (ready(path)) return path;
      } catch (error) {
        if (!(error instanceof ControlError)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(
      `never so at ${this.place}: ${JSON.stringify(path)}\n${await this
        .stop()}`,
    );
  }

  /** Waits until this way is confirmed by a call-back. */
  async confirmed(
    wanted: Partial<Pick<PathWay, "kind" | "host" | "method">>,
    milliseconds?: number,
  ): Promise<PathWay> {
    const find = ({ ways }: PathAnswer) =>
      ways.find((way) =>
        way.state === "confirmed" &&
        (wanted.kind === undefined || way.kind === wanted.kind) &&
        (wanted.host === undefined || way.host === wanted.host) &&
        (wanted.method === undefined || way.method === wanted.method)
      );
    const path = await this.until(
      (path) => find(path) !== undefined,
      milliseconds,
    );
    // It was found by what `until` waited for.
    return find(path)!;
  }

  /** Ends it as its owner does; what it wrote. */
  async stop(): Promise<string> {
    if (!this.#stopped) {
      this.#stopped = true;
      try {
        this.#child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
    }
    await this.#child.status;
    const output = (await Promise.all(this.#output)).join("\n");
    if (this.#isTemporary) {
      await Deno.remove(this.directory, { recursive: true }).catch(() => {});
    }
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #socket(): string {
    return join(this.directory, "control.sock");
  }
}
