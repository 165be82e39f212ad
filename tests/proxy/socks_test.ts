/** Destinations through a real SOCKS5 server: Debian's `microsocks`. */

import assert from "node:assert/strict";
import { hasProgram } from "../packages.ts";
import { TestRelay } from "../server/harness.ts";
import {
  addressOf,
  freePort,
  receiveAll,
  refusal,
  securedThrough,
  sendThrough,
  startProxy,
  through,
  words,
} from "./harness.ts";

const missing = !await hasProgram("microsocks");
if (missing) {
  console.log(
    "Without microsocks the tests with a SOCKS5 server are left out.",
  );
}

/** A name that nothing but the SOCKS5 server can resolve. */
const ONION = "porchlightporchlightporchlight.onion";

/** The server has a hosts file of its own where a namespace can be made. */
async function canHideHosts(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("unshare", {
      args: ["-rm", "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A SOCKS5 server; `hosts`: lines of its own hosts file. */
class SocksServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;

  private constructor(
    parts: { port: number; child: Deno.ChildProcess; directory: string },
  ) {
    this.port = parts.port;
    this.#child = parts.child;
    this.#directory = parts.directory;
  }

  static async start(
    { login = [], hosts }: { login?: string[]; hosts?: string } = {},
  ): Promise<SocksServer> {
    const port = freePort();
    const directory = await Deno.makeTempDir();
    const command = [
      "microsocks",
      "-i",
      "127.0.0.1",
      "-p",
      String(port),
      ...login,
    ];
    if (hosts !== undefined) {
      const file = `${directory}/hosts`;
      await Deno.writeTextFile(file, hosts);
      const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
      command.unshift("unshare", "-rm", "sh", "-c", script, file);
    }
    const child = new Deno.Command(command[0], {
      args: command.slice(1),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    for (let i = 0; i < 200; i++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return new SocksServer({ port, child, directory });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    child.kill();
    await child.status;
    throw new Error("microsocks did not start");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}

Deno.test({
  name: "an onion host through a SOCKS5 server, which alone knows the name",
  ignore: missing || !await canHideHosts(),
  async fn() {
    await using socks = await SocksServer.start({
      hosts: `127.0.0.1 localhost ${ONION}\n`,
    });
    // No allow_local: where an onion name leads is the SOCKS5 server's affair.
    await using proxy = await TestRelay.start({
      set: [`proxy.socks_proxy=127.0.0.1:${socks.port}`],
    });
    await using destination = await TestRelay.start();
    await using sender = await proxy.connect();
    await using recipient = await destination.connect();
    const address = addressOf(destination, { hosts: [ONION] });
    const far = await through(sender, address);
    const secured = await securedThrough(far, recipient);
    assert.equal(words(await sendThrough(far, "by onion", secured.to)), "OK");
    assert.deepEqual(await receiveAll(recipient, secured, 1), ["by onion"]);
    // socks_mode is onion: others do not go that way, and not into this network.
    const local = addressOf(destination);
    assert.equal(await refusal(through(sender, local)), "PROXY BROKER HOST");
  },
});

Deno.test({
  name: "the onion host of several, if it is wanted",
  ignore: missing || !await canHideHosts(),
  async fn() {
    await using socks = await SocksServer.start({
      hosts: `127.0.0.1 localhost ${ONION}\n`,
    });
    await using proxy = await TestRelay.start({
      set: [
        `proxy.socks_proxy=127.0.0.1:${socks.port}`,
        "proxy.host_mode=onion",
      ],
    });
    await using destination = await TestRelay.start();
    await using client = await proxy.connect();
    await through(
      client,
      addressOf(destination, { hosts: ["relay.invalid", ONION] }),
    );
    await destination.until(({ sessions }) => sessions === 1);
  },
});

Deno.test({
  name: "all hosts through a SOCKS5 server with a password",
  ignore: missing,
  async fn() {
    await using socks = await SocksServer.start({
      login: ["-u", "relay", "-P", "secret"],
    });
    const proxyWith = (login: string) =>
      startProxy({
        set: [
          `proxy.socks_proxy=${login}127.0.0.1:${socks.port}`,
          "proxy.socks_mode=always",
          "proxy.retry=0s",
        ],
      });
    await using destination = await TestRelay.start();
    const address = addressOf(destination);
    for (const login of ["relay:wrong@", "@", ""]) {
      await using proxy = await proxyWith(login);
      await using client = await proxy.connect();
      const told = await refusal(through(client, address));
      assert.equal(told, "PROXY BROKER NETWORK");
    }
    assert.equal(destination.relay.counts().connections, 0);
    await using proxy = await proxyWith("relay:secret@");
    await using client = await proxy.connect();
    for (const hosts of [["127.0.0.1"], ["localhost"]]) {
      await through(client, { ...address, hosts });
    }
    await destination.until(({ sessions }) => sessions === 2);
    const dead = addressOf(destination, { port: String(freePort()) });
    assert.equal(await refusal(through(client, dead)), "PROXY BROKER NETWORK");
  },
});
