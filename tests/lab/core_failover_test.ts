import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { CORE_DOMAIN, LabCore } from "./lab_core.ts";
import { LabRelay } from "./lab_relay.ts";
import { buildLab, type Home, type HomeOptions, type Lab } from "./mod.ts";
import type { NumberedResult } from "./numbered_messages.ts";
import { asOwner, useRelay } from "./programs.ts";
import { coreLabMissing } from "./resolver.ts";

const missing = await coreLabMissing();
if (missing) console.log(`No core in the network lab: ${missing}`);
const ignore = missing !== undefined;

const CLIENT = fileURLToPath(new URL("client.ts", import.meta.url));

/** Time in which messages have to go on, ms. */
const LONGEST_GAP_MS = 90_000;
/** Time in which a silent link has to be missed, s. */
const NOTICED_S = 45;

/** The homes of this test, and what becomes of them. */
const homes: { home: HomeOptions; live: typeof moveToCarrier }[] = [
  { home: { variant: "igd2", ipv6: false }, live: moveToCarrier },
  { home: { variant: "igd2" }, live: moveToCarrier },
  { home: { variant: "none" }, live: loseLine },
];

interface Case {
  readonly lab: Lab;
  readonly core: LabCore;
  readonly home: Home;
  readonly relay: LabRelay;
  /** Its address by its name. */
  readonly address: string;
  readonly name: string;
}

Deno.test(
  "core: messages go on when a router is replaced, and when a line is cut",
  { ignore },
  async () => {
    await using lab = await buildLab({ homes: homes.map(({ home }) => home) });
    await using core = await LabCore.start(lab);
    const results = await Promise.allSettled(
      homes.map(async ({ live }, index) => {
        const home = lab.homes[index];
        await using relay = await LabRelay.start(lab, home.box, {
          set: [`path.core=${core.address}`],
        });
        const kind = home.variant === "none" ? "tunnel" : "mapped";
        await relay.until(({ advertised: [first] }) =>
          first?.kind === kind && first.confirmed &&
          first.host.endsWith(CORE_DOMAIN)
        );
        const [address] = await relay.addresses();
        const [name] = parseServerAddress(address).hosts;
        await live({ lab, core, home, relay, address, name });
        // Nothing of it has changed.
        assert.equal((await relay.addresses())[0], address);
      }),
    );
    for (const each of results) {
      if (each.status === "rejected") throw each.reason;
    }
  },
);

/** A mapped home gets a router of a carrier's customer, and its own back. */
async function moveToCarrier(
  { lab, core, home, relay, address, name }: Case,
): Promise<void> {
  await core.untilName(name, [home.publicAddress]);
  await using client = new MessageClient(lab, address);
  await client.connected(1);
  // Some messages go.
  await new Promise((resolve) => setTimeout(resolve, 2000));

  await home.replaceRouter("cgnat");
  const left = await core.untilName(name, [lab.address("core")]);
  await core.untilName(name, [lab.address6("core") ?? ""], { type: "AAAA" });
  const out = await client.connected(2);
  await relay.until(({ advertised: [first] }) => first.kind === "tunnel");

  await home.replaceRouter({
    variant: "igd2",
    ipv6: home.number === 1 ? false : undefined,
  });
  const returned = await core.untilName(name, [home.publicAddress]);
  const back = await client.connected(3);
  await relay.until(({ advertised: [first] }) => first.kind === "mapped");

  const { sent, received, missing, longestGapMs } = await client.end();
  console.log(
    `home ${home.number}: the name left after ${left.toFixed(1)} s, messages ` +
      `${out.toFixed(1)} s later; the name came back after ` +
      `${returned.toFixed(1)} s, messages ${back.toFixed(1)} s later; ` +
      `${sent} sent, ${received} came, longest gap ` +
      `${(longestGapMs / 1000).toFixed(1)} s`,
  );
  assert.deepEqual(missing, []);
  assert.ok(longestGapMs < LONGEST_GAP_MS, `${longestGapMs} ms`);
}

/** Nothing goes through a router any more, and it tells nobody. */
async function loseLine(
  { lab, home, relay, address }: Case,
): Promise<void> {
  const router = async (rules: string) => {
    const { code, stderr } = await lab.run(home.router, ["nft", "-f", "-"], {
      input: rules,
    });
    assert.equal(code, 0, stderr);
  };
  const isDown = async () =>
    (await relay.path()).ways.find(({ kind }) => kind === "tunnel")?.state ===
      "failed";
  await router(
    "add table inet cut\nadd chain inet cut line " +
      "{ type filter hook forward priority -10; policy drop; }\n",
  );
  const cut = performance.now();
  const since = () => (performance.now() - cut) / 1000;
  while (!await isDown()) {
    assert.ok(since() < NOTICED_S + 5, "the silent link was not missed");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const noticed = since();
  // The first attempt to dial takes a while to fail.
  while (!/core cannot be reached/.test(await asOwner(lab, relay, "status"))) {
    assert.ok(since() < NOTICED_S + 20, "the owner was not told");
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await router("delete table inet cut\n");
  const mended = performance.now();
  await relay.until(({ advertised: [first] }) => first?.confirmed, 70_000);
  await useRelay(lab, address);
  console.log(
    `home ${home.number}: a silent line was missed after ` +
      `${noticed.toFixed(1)} s, and used again ` +
      `${((performance.now() - mended) / 1000).toFixed(1)} s after it was back`,
  );
}

/** A client outside that sends numbered messages through a queue. */
class MessageClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #connections = 0;
  #result: NumberedResult | undefined;
  #wake = () => {};

  constructor(lab: Lab, address: string) {
    this.#child = lab.spawn("client", Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", CLIENT, address],
        ...["--every", "100", "--for", "600000"],
      ],
    });
    this.#reading = this.#read();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Waits for its first connection, and the next ones; how long, seconds. */
  async connected(number: number): Promise<number> {
    const since = performance.now();
    const limit = setTimeout(() => this.#child.kill(), LONGEST_GAP_MS);
    while (this.#connections < number) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      assert.equal(this.#result, undefined, "messages do not go on");
    }
    clearTimeout(limit);
    return (performance.now() - since) / 1000;
  }

  /** Sends no more; what became of all messages. */
  async end(): Promise<NumberedResult> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#reading;
    assert.ok(this.#result, await this.#errors);
    return this.#result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#reading;
    await this.#errors;
  }

  async #read(): Promise<void> {
    let rest = "";
    const texts = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of texts) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = JSON.parse(line);
        if (event.event === "connected") this.#connections++;
        if (event.event === "end") this.#result = event;
      }
      this.#wake();
    }
  }
}
