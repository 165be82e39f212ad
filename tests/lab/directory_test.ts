import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { fingerprintText } from "../../relay/identity/mod.ts";
import { LabCore } from "./lab_core.ts";
import { LabRelay, RELAY_PORT } from "./lab_relay.ts";
import { buildLab, type Lab } from "./mod.ts";
import { asOwner, porchlight } from "./programs.ts";
import { coreLabMissing } from "./resolver.ts";

const missing = await coreLabMissing();
if (missing) console.log(`No core in the network lab: ${missing}`);
const ignore = missing !== undefined;

/** Relays of each kind; the last one is behind a line that becomes slow. */
const homes = ["igd2", "pmp", "cgnat", "none", "public"] as const;
const [DIES, , LEAVES, , SLOW] = homes.keys();

/** What the directory says of a relay. */
interface Known {
  readonly standing: string;
  readonly flags: readonly string[];
  readonly score: number;
  readonly milliseconds: number;
}

/** Watches from outside what the directory says. */
class Watch implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #errors: Promise<string>;
  readonly #reading: Promise<void>;
  #latest: readonly (Known | null)[] = [];

  constructor(lab: Lab, address: string, fingerprints: readonly string[]) {
    const program = fileURLToPath(
      new URL("watch_directory.ts", import.meta.url),
    );
    this.#child = lab.spawn("client", Deno.execPath(), {
      args: ["run", "-A", "--quiet", program, address, ...fingerprints],
    });
    this.#errors = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
  }

  /** Waits until this is so of the relay. */
  async until(
    index: number,
    holds: (known: Known) => boolean,
  ): Promise<Known> {
    const end = performance.now() + 60_000;
    for (;;) {
      const known = this.#latest[index];
      if (known != null && holds(known)) return known;
      if (performance.now() > end) {
        const all = JSON.stringify(this.#latest);
        console.error(`${homes[index]} never got there: ${all}`);
        throw new Error(`${homes[index]} never got there: ${all}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already: what it complained of says why.
    }
    await Promise.all([this.#child.status, this.#reading]);
    assert.equal(await this.#errors, "");
  }

  async #read(): Promise<void> {
    let rest = "";
    const text = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      // It is what the program beside this one writes.
      for (const line of lines) this.#latest = JSON.parse(line);
    }
  }
}

/** A line with this delay before the relay of the last home: its port. */
async function slowLine(lab: Lab, place: string, ms: number) {
  const program = fileURLToPath(new URL("delay.ts", import.meta.url));
  const child = lab.spawn(place, Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", program],
      ...[String(RELAY_PORT), "127.0.0.1", String(RELAY_PORT + 1), String(ms)],
    ],
  });
  const output = child.stdout.getReader();
  await output.read();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      output.releaseLock();
      await child.stdout.cancel();
      await child.stderr.cancel();
      await child.status;
    },
  };
}

Deno.test(
  "directory: relays of every kind are listed and picked; one dies, one gets slow, one leaves",
  { ignore },
  async () => {
    await using lab = await buildLab({ homes: [...homes] });
    await using core = await LabCore.start(lab, {
      set: [
        "directory.work_bits=8",
        "directory.heartbeat=10s",
        "directory.probe_interval=10s",
      ],
    });
    const { address } = core;
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir({ prefix: "lab-" });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const places = lab.homes.map(({ box }) => box);
    let line = await slowLine(lab, places[SLOW], 0);
    stack.defer(() => line[Symbol.asyncDispose]());
    const listed = [`path.core=${address}`, "share.listed=public"];
    const relays = await Promise.all(places.map(async (place, index) => {
      const relay = await LabRelay.start(lab, place, {
        ...index === LEAVES ? { directory } : {},
        ...index === SLOW
          ? {
            port: RELAY_PORT + 1,
            set: [
              "share.listed=public",
              `directories.addresses=${address}`,
              `address.hosts=${lab.address(place)}`,
              `address.port=${RELAY_PORT}`,
              "path.map_port=false",
            ],
          }
          : { set: listed },
      });
      return stack.use(relay);
    }));
    const fingerprints = await Promise.all(relays.map(async (relay) => {
      const [first] = await relay.addresses();
      return fingerprintText(parseServerAddress(first).fingerprint);
    }));
    await using watch = new Watch(lab, address, fingerprints);
    const since = performance.now();
    const before = await Promise.all(
      homes.map((_, index) =>
        watch.until(index, ({ flags }) => flags.includes("Running"))
      ),
    );
    const took = ((performance.now() - since) / 1000).toFixed(1);
    console.log(`five listed and probed after ${took} s`);
    for (const { standing, flags, score } of before) {
      assert.equal(standing, "probation");
      assert.ok(flags.includes("Open") && flags.includes("Fast"), `${flags}`);
      assert.ok(score > 90, `${score}`);
    }
    assert.match(await asOwner(lab, relays[0], "status"), /Listed at /);

    const pick = async () => {
      const text = await porchlight(lab, "client", [
        ...["relays", "--pick", "2", "--json", "--directory", address],
      ]);
      const { relays } = JSON.parse(text);
      return relays.map(({ fingerprint }: { fingerprint: string }) =>
        fingerprints.indexOf(fingerprint)
      );
    };
    const picked = await pick();
    assert.equal(new Set(picked).size, 2);
    assert.ok(!picked.includes(-1));

    await line[Symbol.asyncDispose]();
    line = await slowLine(lab, places[SLOW], 250);
    await relays[DIES].stop();
    await relays[LEAVES].stop();
    const leaving = await LabRelay.start(lab, places[LEAVES], {
      directory,
      set: [`path.core=${address}`],
    });
    stack.use(leaving);
    await Promise.all([
      watch.until(DIES, ({ flags }) => !flags.includes("Running")),
      watch.until(LEAVES, ({ standing }) => standing === "left"),
      watch.until(
        SLOW,
        ({ milliseconds, score }) =>
          milliseconds > 2 * before[SLOW].milliseconds &&
          score < before[SLOW].score,
      ),
    ]);
    for (const index of await pick()) {
      assert.ok(![DIES, LEAVES, -1].includes(index), homes[index]);
    }
  },
);
