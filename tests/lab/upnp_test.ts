import assert from "node:assert/strict";
import { createInterface, type Interface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { buildLab, type Lab, labMissing } from "./mod.ts";

const missing = await labMissing();
if (missing) console.log(`No UPnP in the lab: ${missing}`);
const ignore = missing !== undefined;

const PORT = 8443;

/** A program in a place, and the lines it prints. */
class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor(lab: Lab, options: { place: string; args: readonly string[] }) {
    const [name, ...args] = options.args;
    const file = fileURLToPath(new URL(name, import.meta.url));
    this.#child = lab.spawn(options.place, Deno.execPath(), {
      args: ["run", "-A", file, ...args],
    });
    this.#reader = createInterface({
      input: Readable.fromWeb(this.#child.stdout),
    });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    throw new Error(await new Response(this.#child.stderr).text());
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    this.#reader.close();
    if (!this.#child.stderr.locked) await this.#child.stderr.cancel();
    await this.#child.status;
  }
}

async function greet(lab: Lab): Promise<Program> {
  const greeter = new Program(lab, {
    place: "box",
    args: ["greeter.ts", String(PORT)],
  });
  assert.equal(await greeter.line(), "ready");
  return greeter;
}

function mapper(lab: Lab, options: { family: 4 | 6; external: number }) {
  const numbers = [options.family, PORT, options.external].map(String);
  return new Program(lab, {
    place: "box",
    args: ["map_by_upnp.ts", ...numbers],
  });
}

/** What the client outside hears; "" when nobody answers. */
async function hear(lab: Lab, address: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && head -1 <&3`;
  const command = ["timeout", "2", "bash", "-c", script];
  return (await lab.run("client", command)).stdout.trim();
}

for (const variant of ["igd2", "igd1"] as const) {
  Deno.test(
    `UPnP ${variant}: open, kept, lost, closed`,
    { ignore },
    async () => {
      await using lab = await buildLab({ variant });
      await using _greeter = await greet(lab);
      await using program = mapper(lab, { family: 4, external: 443 });
      const { publicAddress } = lab.home;
      const mapping = JSON.parse(await program.line());
      assert.partialDeepStrictEqual(mapping, {
        method: "upnp",
        family: 4,
        externalAddress: publicAddress,
        externalPort: 443,
        lifetimeSeconds: 600,
        known: true,
      });
      assert.ok(mapping.milliseconds < 2_000, `${mapping.milliseconds} ms`);
      assert.match(await hear(lab, publicAddress, 443), /^hello/);

      program.signal("SIGUSR1");
      assert.equal(JSON.parse(await program.line()).known, true);

      await lab.home.restartRouter();
      assert.equal(await hear(lab, publicAddress, 443), "");
      program.signal("SIGUSR1");
      const again = JSON.parse(await program.line());
      assert.equal(again.known, false);
      assert.match(
        await hear(lab, publicAddress, again.externalPort),
        /^hello/,
      );

      program.signal("SIGTERM");
      assert.deepEqual(JSON.parse(await program.line()), { known: false });
      assert.equal(await hear(lab, publicAddress, 443), "");
    },
  );
}

Deno.test("UPnP igd2: a taken port is another's", { ignore }, async () => {
  await using lab = await buildLab({ variant: "igd2" });
  await using _greeter = await greet(lab);
  const { stdout } = await lab.upnpc("box", [
    ...["-u", "http://192.168.50.1:5000/rootDesc.xml"],
    ...["-a", lab.address("box"), "9000", "443", "TCP", "600"],
  ]);
  assert.match(stdout, /is redirected/);
  await using program = mapper(lab, { family: 4, external: 443 });
  const mapping = JSON.parse(await program.line());
  assert.notEqual(mapping.externalPort, 443);
  const { publicAddress } = lab.home;
  assert.match(await hear(lab, publicAddress, mapping.externalPort), /^hello/);
});

Deno.test("UPnP igd2: an IPv6 opening and its end", { ignore }, async () => {
  await using lab = await buildLab({ variant: "igd2" });
  await using _greeter = await greet(lab);
  const address = lab.address6("box") ?? "";
  assert.equal(await hear(lab, address, PORT), "");
  await using program = mapper(lab, { family: 6, external: 443 });
  const mapping = JSON.parse(await program.line());
  assert.partialDeepStrictEqual(mapping, {
    family: 6,
    externalAddress: address,
    externalPort: PORT,
    firewallOff: false,
    known: true,
  });
  assert.match(await hear(lab, address, PORT), /^hello/);
  program.signal("SIGTERM");
  assert.deepEqual(JSON.parse(await program.line()), { known: false });
  assert.equal(await hear(lab, address, PORT), "");
});

Deno.test(
  "UPnP igd2: a restart forgets the IPv6 opening",
  { ignore },
  async () => {
    await using lab = await buildLab({ variant: "igd2" });
    await using program = mapper(lab, { family: 6, external: 443 });
    assert.equal(JSON.parse(await program.line()).known, true);
    await lab.home.restartRouter();
    for (const known of [false, true]) {
      program.signal("SIGUSR1");
      assert.equal(JSON.parse(await program.line()).known, known);
    }
  },
);

for (const family of ["4", "6"]) {
  Deno.test(
    `UPnP igd2: a restart is announced, IPv${family}`,
    { ignore },
    async () => {
      await using lab = await buildLab({ variant: "igd2" });
      await using program = new Program(lab, {
        place: "box",
        args: ["watch_router.ts", family],
      });
      assert.equal(await program.line(), "ready");
      await lab.home.restartRouter();
      const notice = JSON.parse(await program.line());
      assert.equal(notice.kind, "alive");
    },
  );
}

for (
  const [variant, strict, failure] of [
    ["none", false, "no answer"],
    ["pmp", false, "no answer"],
    ["cgnat", true, "no public address"],
  ] as const
) {
  Deno.test(`UPnP ${variant}: ${failure}`, { ignore }, async () => {
    await using lab = await buildLab({ variant, strict });
    await using program = mapper(lab, { family: 4, external: 443 });
    assert.equal(JSON.parse(await program.line()).failure, failure);
  });
}
