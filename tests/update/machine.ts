/**
 * A machine with installed versions of the program: a real relay under a
 * service manager that does what `systemd/porchlight.service` says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, porchlight } from "../../cli/testing.ts";
import { type Config, loadConfig } from "../../config/mod.ts";
import { askRelay } from "../../relay/control/mod.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import {
  type Layout,
  PROGRAMS_VARIABLE,
  type UpdateOptions,
} from "../../update/mod.ts";
import { setLink } from "../../update/layout.ts";
import { createSecured, nextMessage, sends } from "../server/commands.ts";
import { TestClient, type TestQueue, TestRelay } from "../server/harness.ts";
import { TARGET, type TestRepository } from "./repository.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The version that is installed first. */
export const FIRST = "1.0.0";

/** What a spoilt executable does when the relay is to start. */
const SPOILT = {
  /** Ends at once. */
  ends: "exit 1",
  /** Does nothing, for ever. */
  hangs: "exec sleep 600",
} as const;

/** Programs under `versions/`, data of a relay, and its service. */
export class TestMachine implements AsyncDisposable {
  readonly #directory: string;
  readonly #repository: TestRepository;
  #service: Deno.ChildProcess | undefined;
  #queue: TestQueue | undefined;
  readonly layout: Layout;
  readonly config: Config;

  private constructor(directory: string, repository: TestRepository) {
    this.#directory = directory;
    this.#repository = repository;
    const programs = join(directory, "programs");
    this.layout = { programs, state: join(programs, "update") };
    const settings = [
      `data.directory=${join(directory, "data")}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      `update.url=${repository.url}`,
      `update.root=${repository.root}`,
      `update.restart_command=kill -9 $(cat '${join(directory, "pid")}')`,
    ];
    this.config = loadConfig({ set: settings, env: {} });
  }

  /** Installs the first version and starts a relay that has a message. */
  static async start(repository: TestRepository): Promise<TestMachine> {
    const directory = await Deno.makeTempDir();
    const machine = new TestMachine(directory, repository);
    const { layout: { programs } } = machine;
    const versions = join(programs, "versions");
    await Deno.mkdir(join(versions, FIRST), { recursive: true });
    const executable = join(versions, FIRST, "porchlight");
    await Deno.writeTextFile(executable, await machine.program(FIRST));
    await Deno.chmod(executable, 0o755);
    await setLink(machine.layout, "current", FIRST);
    machine.#queue = await machine.#fill();
    machine.power();
    await machine.until(FIRST);
    return machine;
  }

  /**
   * The text of an executable that runs this source tree as `version`; with
   * `extra` flags to `start`.
   */
  async program(version: string, extra = ""): Promise<string> {
    const tree = join(this.#directory, "trees", version);
    await Deno.mkdir(tree, { recursive: true });
    for await (const { name } of Deno.readDir(PROJECT)) {
      if (name.startsWith(".") || name === "deno.json") continue;
      await Deno.symlink(join(PROJECT, name), join(tree, name)).catch((error) =>
        assert(error instanceof Deno.errors.AlreadyExists)
      );
    }
    const project = JSON.parse(
      await Deno.readTextFile(join(PROJECT, "deno.json")),
    );
    await Deno.writeTextFile(
      join(tree, "deno.json"),
      JSON.stringify({ ...project, version }),
    );
    const run = `exec '${Deno.execPath()}' run -A --quiet --frozen ` +
      `'${tree}/main.ts' "$@"`;
    return `#!/bin/sh\n[ "$1" != start ] || set -- "$@" ${extra}\n${run}\n`;
  }

  /** The text of an executable that says its version and then does not relay. */
  spoilt(version: string, how: keyof typeof SPOILT): string {
    return `#!/bin/sh
case $1 in
  version) echo "porchlight ${version} (spoilt)" ;;
  *) ${SPOILT[how]} ;;
esac
`;
  }

  /** What an update of this machine needs. */
  options(rest: Partial<UpdateOptions> = {}): UpdateOptions {
    const { layout, config } = this;
    return { layout, config, target: TARGET, testMs: 20_000, ...rest };
  }

  /** Runs `porchlight update` as the owner of this machine would. */
  command(...args: string[]): Promise<Finished> {
    const { url, root } = this.config.update;
    const flags = [
      `--data=${this.config.data.directory}`,
      `--set=update.url=${url}`,
      `--set=update.root=${root}`,
    ];
    const env = { [PROGRAMS_VARIABLE]: this.layout.programs };
    return porchlight(["update", ...args, ...flags], { env });
  }

  /** Switches it on: the service starts, and starts again what ends. */
  power(): void {
    const script = `cd '${this.#directory}'
while [ ! -e off ]; do
  programs/previous/porchlight update guard >>guard.log 2>&1
  programs/current/porchlight start --data '${this.config.data.directory}' \
    --set listen.addresses=127.0.0.1 --set listen.ports=0 >>relay.log 2>&1 &
  echo $! >pid
  wait $!
  sleep 0.1
done`;
    this.#service = new Deno.Command("/bin/sh", {
      args: ["-c", script],
      env: {
        [PROGRAMS_VARIABLE]: this.layout.programs,
        PORCHLIGHT_PATH_MAP_PORT: "false",
        PORCHLIGHT_ONION_ENABLED: "off",
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Cuts the power: all processes end without a word. */
  async cut(): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    this.#service = undefined;
    service.kill("SIGKILL");
    await service.status;
    try {
      const pid = await Deno.readTextFile(join(this.#directory, "pid"));
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It was not running just then.
    }
    while (await this.ask("/status").catch(() => undefined) !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until a relay of this version runs. */
  async until(version: string, timeoutMs = 30_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    let seen: unknown;
    while (Date.now() < end) {
      seen = await this.ask("/status").catch(() => undefined);
      const addresses = await this.ask("/address").catch(() => undefined);
      if (
        JSON.stringify(seen)?.includes(`"version":"${version}"`) &&
        JSON.stringify(addresses)?.includes("smp://")
      ) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const log = await Deno.readTextFile(join(this.#directory, "relay.log"));
    throw new Error(`${version} never ran: ${JSON.stringify(seen)}\n${log}`);
  }

  /** What the running relay answers. */
  ask(path: string): Promise<unknown> {
    return askRelay(path, { socket: this.config.control.socket });
  }

  /** The message from before every update is still there for its recipient. */
  async checkMessage(): Promise<void> {
    const queue = this.#queue;
    assert(queue !== undefined);
    const answer = JSON.stringify(await this.ask("/address"));
    const [text] = /smp:\/\/[^"]+/.exec(answer) ?? [];
    assert(text !== undefined, answer);
    const { port, fingerprint } = parseServerAddress(text);
    await using client = await TestClient.connect({
      ports: [Number(port)],
      identity: { fingerprint },
    });
    await client.send({ tag: "SUB" }, {
      entityId: queue.entityId,
      key: queue.key,
    });
    assert.equal((await nextMessage(client, queue)).text, "kept");
  }

  /** A queue with a message, as a relay before the first update had it. */
  async #fill(): Promise<TestQueue> {
    const { directory } = this.config.data;
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const relay = await TestRelay.start({ directory });
    await using client = await relay.connect();
    const { queue, to } = await createSecured(client, { subscribe: false });
    assert.equal(await sends(client, "kept", to), "OK");
    await client.smp.close();
    await relay.relay.stop();
    return queue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    await Deno.remove(this.#directory, { recursive: true });
  }
}
