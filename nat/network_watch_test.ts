/** Following the network, in a namespace where it really changes. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseIpRouteJson } from "./routes.ts";

const NAME = `plw${Deno.pid}`;
const WATCHER = fileURLToPath(new URL("testing_watch.ts", import.meta.url));

async function ip(...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("ip", {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
const works = isRoot && await ip("netns", "add", NAME);
if (works) await ip("netns", "del", NAME);
else console.log("No test of network changes: no network namespaces here");

async function change(command: string): Promise<void> {
  assert.ok(await ip("-n", NAME, ...command.split(" ")), command);
}

/** Lines of a program in the namespace. */
class Watcher implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor() {
    this.#child = new Deno.Command("ip", {
      args: [
        ...["netns", "exec", NAME, Deno.execPath()],
        ...["run", "-A", "--quiet", WATCHER],
      ],
      stdout: "piped",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** The next line: routers and addresses, IPv4 and IPv6. */
  async next(): Promise<[string[], string[]]> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The watcher has ended");
      this.#rest += value;
    }
    const [line, ...rest] = this.#rest.split("\n");
    this.#rest = rest.join("\n");
    return JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#reader.cancel();
    await this.#child.status;
  }
}

Deno.test("changes of address, route and interface are followed", {
  ignore: !works,
}, async () => {
  await ip("netns", "add", NAME);
  try {
    await change("link add eth0 type veth peer name other");
    await change("link set eth0 up");
    await change("link set other up");
    await using watcher = new Watcher();
    assert.deepEqual(await watcher.next(), [[], []]);

    // An address alone leads nowhere: the route makes it a change.
    await change("addr add 192.168.7.2/24 dev eth0");
    await change("route add default via 192.168.7.1");
    const first = "192.168.7.1 192.168.7.2";
    assert.deepEqual(await watcher.next(), [[first], []]);

    await change("addr add 2a0f:7::2/64 dev eth0 nodad");
    await change("route add ::/0 via fe80::1 dev eth0");
    const six = "fe80::1%eth0 2a0f:7::2";
    assert.deepEqual(await watcher.next(), [[first], [six]]);

    // Where the kernel's files cannot be read, `ip` tells the same.
    for (
      const [family, gateway] of [[4, "192.168.7.1"], [6, "fe80::1"]] as const
    ) {
      const { stdout } = await new Deno.Command("ip", {
        args: ["-n", NAME, `-${family}`, "-j", "route", "show", "default"],
      }).output();
      const routes = parseIpRouteJson(new TextDecoder().decode(stdout), family);
      assert.deepEqual(
        routes.map((route) => [route.gateway, route.interfaceName]),
        [[gateway, "eth0"]],
      );
    }

    await change("route replace default via 192.168.7.254");
    assert.deepEqual(await watcher.next(), [
      ["192.168.7.254 192.168.7.2"],
      [six],
    ]);

    // A bridge of containers, which no default route uses, is nothing new.
    await change("link add br0 type bridge");
    await change("addr add 172.17.0.1/16 dev br0");
    await change("link set br0 up");
    await change("addr del 2a0f:7::2/64 dev eth0");
    assert.deepEqual(await watcher.next(), [
      ["192.168.7.254 192.168.7.2"],
      [],
    ]);

    await change("link set eth0 down");
    assert.deepEqual(await watcher.next(), [[], []]);
  } finally {
    await ip("netns", "del", NAME);
  }
});
