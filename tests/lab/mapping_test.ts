import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { PortState } from "../../nat/mod.ts";
import { buildLab, type Lab, labMissing, type LabOptions } from "./mod.ts";

const missing = await labMissing();
if (missing) console.log(`No network lab: ${missing}`);
const ignore = missing !== undefined;

const PORT = 8443;

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The program that keeps the port, and what it told. */
class Kept implements AsyncDisposable {
  readonly states: PortState[] = [];
  readonly #lab: Lab;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #ended = false;

  constructor(lab: Lab, family: 4 | 6) {
    this.#lab = lab;
    this.#child = lab.spawn("box", Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        program("keep_port.ts"),
        String(PORT),
        String(family),
      ],
    });
    this.#reading = this.#read();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** What it told last. */
  get now(): PortState | undefined {
    return this.states.at(-1);
  }

  /** Waits for a state. */
  async until(
    ready: (state: PortState) => boolean,
    milliseconds = 20_000,
  ): Promise<PortState> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end && !this.#ended) {
      if (this.now !== undefined && ready(this.now)) return this.now;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(
      `never so: ${JSON.stringify(this.states)}${
        this.#ended ? await this.#errors : ""
      }`,
    );
  }

  /** Ends it; it takes its mapping back. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    await this.#reading;
    assert.equal(await this.#errors, "");
    assert.equal(code, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What a client outside hears; waits until it hears something. */
  async heard(milliseconds = 20_000): Promise<string> {
    const end = performance.now() + milliseconds;
    let word = "";
    while (word === "" && performance.now() < end) {
      word = await hear(this.#lab, this.now);
    }
    return word;
  }

  async #read(): Promise<void> {
    let rest = "";
    const text = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.states.push(JSON.parse(line));
    }
  }
}

/** What a client outside hears at the mapped address; "" for nothing. */
async function hear(lab: Lab, state: PortState | undefined): Promise<string> {
  const mapping = state?.mapping;
  if (mapping === undefined) return "";
  const { externalAddress, externalPort } = mapping;
  const script =
    `exec 3<>/dev/tcp/${externalAddress}/${externalPort} && head -1 <&3`;
  const { stdout } = await lab.run("client", [
    ...["timeout", "1", "bash", "-c", script],
  ]);
  return stdout.trim();
}

/** Somebody to be heard in the box, who maps nothing. */
async function greet(lab: Lab): Promise<AsyncDisposable> {
  const child = lab.spawn("box", Deno.execPath(), {
    args: ["run", "-A", program("greeter.ts"), String(PORT)],
  });
  const reader = child.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /ready/);
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.stderr.cancel();
      await child.status;
    },
  };
}

/** Runs a test in a lab of this kind. */
function labTest(
  name: string,
  options: LabOptions & { family?: 4 | 6 },
  body: (lab: Lab, kept: Kept) => Promise<void>,
): void {
  Deno.test({
    name: `lab: ${name}`,
    ignore,
    async fn() {
      await using lab = await buildLab(options);
      await using kept = new Kept(lab, options.family ?? 4);
      await body(lab, kept);
    },
  });
}

const ways = [
  ["pcp", "pcp", 4],
  ["pmp", "nat-pmp", 4],
  ["igd1", "upnp", 4],
  ["igd2", "pcp", 4],
  ["igd2", "pcp", 6],
] as const;

for (const [variant, method, family] of ways) {
  labTest(
    `${variant}, IPv${family}: open, open again after a restart, closed`,
    { variant, family },
    async (lab, kept) => {
      const state = await kept.until(({ state }) => state === "mapped");
      assert.equal(state.mapping?.method, method);
      assert.equal(state.mapping.family, family);
      assert.equal(state.behind, undefined);
      assert.equal(await kept.heard(), "hello");

      // A router's name for this run of it has seconds, at best.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await lab.home.restartRouter();
      const since = performance.now();
      assert.equal(await kept.heard(), "hello");
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      console.log(`open again ${seconds} s after the router's return`);

      const last = kept.now;
      await kept.stop();
      await using _ = await greet(lab);
      assert.equal(await hear(lab, last), "");
    },
  );
}

labTest(
  "double NAT: both routers",
  { variant: "double" },
  async (lab, kept) => {
    const state = await kept.until(({ state }) => state === "mapped");
    assert.equal(state.mapping?.externalAddress, lab.home.publicAddress);
    assert.equal(state.behind, undefined);
    assert.equal(await kept.heard(), "hello");
    await lab.home.restartRouter();
    assert.equal(await kept.heard(), "hello");
  },
);

labTest(
  "a carrier's NAT is told",
  { variant: "cgnat", reports: "own" },
  async (_lab, kept) => {
    const state = await kept.until(({ state }) => state === "mapped");
    assert.equal(state.mapping?.externalAddress, "100.64.0.2");
    assert.equal(state.behind, "cgnat");
  },
);

labTest(
  "a router that knows it has no public address says so",
  { variant: "cgnat", strict: true },
  async (_lab, kept) => {
    const state = await kept.until(({ state }) => state === "none");
    assert.equal(state.behind, "nat");
    assert.deepEqual(
      new Set(state.failures.map(({ method }) => method)),
      new Set(["pcp", "nat-pmp", "upnp"]),
    );
  },
);

labTest("no router answers", { variant: "none" }, async (_lab, kept) => {
  const state = await kept.until(({ state }) => state === "none");
  assert.equal(state.connected, true);
  assert.deepEqual(
    state.failures.map(({ failure }) => failure),
    Array(3).fill("no answer"),
  );
});

labTest(
  "another address outside, another router",
  { variant: "igd2" },
  async (lab, kept) => {
    await kept.until(({ state }) => state === "mapped");
    await lab.home.changeExternalAddress();
    await kept.until(({ mapping }) =>
      mapping?.externalAddress === lab.home.publicAddress
    );
    assert.equal(await kept.heard(), "hello");
    await lab.home.replaceRouter("igd1");
    await kept.until(({ mapping }) => mapping?.method === "upnp", 60_000);
    assert.equal(await kept.heard(), "hello");
  },
);
