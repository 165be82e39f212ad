import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { PathWay } from "../../relay/control/mod.ts";
import { LabRelay, RELAY_PORT } from "./lab_relay.ts";
import {
  buildLab,
  type Home,
  type HomeOptions,
  type Lab,
  labMissing,
} from "./mod.ts";

const missing = await labMissing();
if (missing) console.log(`No network lab: ${missing}`);
const ignore = missing !== undefined;

const CLIENT = fileURLToPath(new URL("client.ts", import.meta.url));
const GREETER = fileURLToPath(new URL("greeter.ts", import.meta.url));

/** Relays that start at a time: more would only wait for the processor. */
const AT_A_TIME = 3;

/** Does a thing for each, a few at a time; all are done even if one fails. */
async function forEach<T>(
  all: readonly T[],
  what: (one: T) => Promise<void>,
): Promise<void> {
  const rest = [...all];
  const failures: unknown[] = [];
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      await what(next).catch((error) => failures.push(error));
    }
  }));
  if (failures.length > 0) throw failures[0];
}

/** A core that calls back, and its address. */
async function startCore(lab: Lab) {
  const core = await LabRelay.startCore(lab);
  const [address] = await core.addresses();
  return { core, settings: [`path.callback_servers=["${address}"]`] };
}

/** A SimpleX client outside uses the relay at each of its addresses. */
async function useFromOutside(
  lab: Lab,
  relay: LabRelay,
  host: string,
): Promise<void> {
  const [address] = await relay.addresses();
  const place = host.includes(":") ? `[${host}]` : host;
  const there = address.replace(/@.*/, `@${place}:${RELAY_PORT}`);
  const { code, stdout, stderr } = await lab.run("client", [
    ...[Deno.execPath(), "run", "-A", "--quiet", CLIENT, there],
  ]);
  assert.equal(code, 0, stdout + stderr);
}

/** Whether anybody gets from outside to a program on this port of a box. */
async function isOpen(
  lab: Lab,
  host: string,
  port = RELAY_PORT,
): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${host}/${port} && head -1 <&3`;
  const { stdout } = await lab.run("client", [
    ...["timeout", "1", "bash", "-c", script],
  ]);
  return stdout.startsWith("hello");
}

/** Another program takes the relay's port: does the router still lead there? */
async function isStillMapped(
  lab: Lab,
  home: Home,
  hosts: readonly string[],
): Promise<boolean> {
  const child = lab.spawn(home.box, Deno.execPath(), {
    args: ["run", "-A", "--quiet", GREETER, String(RELAY_PORT)],
  });
  const reader = child.stdout.getReader();
  await reader.read();
  try {
    for (const host of hosts) if (await isOpen(lab, host)) return true;
    return false;
  } finally {
    child.kill();
    await reader.cancel();
    await child.stderr.cancel();
    await child.status;
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

interface Case {
  readonly name: string;
  readonly home: HomeOptions;
  readonly ways: readonly Partial<Pick<PathWay, "kind" | "method">>[];
  /** The way in is not the relay's to take back. */
  readonly stays?: boolean;
}

const mapped = (method: string) => ({ kind: "mapped", method }) as const;

/** Homes where the relay is reached in the end. */
const reachable: Case[] = [
  { name: "IGD 1", home: { variant: "igd1" }, ways: [mapped("upnp")] },
  {
    name: "IGD 2",
    home: { variant: "igd2", ipv6: false },
    ways: [{ kind: "mapped" }],
  },
  { name: "NAT-PMP", home: { variant: "pmp" }, ways: [mapped("nat-pmp")] },
  { name: "PCP", home: { variant: "pcp" }, ways: [mapped("pcp")] },
  {
    name: "IPv6 pinhole by PCP",
    home: { variant: "igd2" },
    ways: [mapped("pcp"), { kind: "direct6", method: "pcp" }],
  },
  {
    name: "IPv6 pinhole by UPnP",
    home: { variant: "igd2", upnpOnly: true },
    ways: [mapped("upnp"), { kind: "direct6", method: "upnp" }],
  },
  {
    name: "double NAT",
    home: { variant: "double" },
    ways: [{ kind: "mapped" }],
  },
  {
    name: "port forwarded by hand",
    home: { variant: "manual", forward: [RELAY_PORT] },
    ways: [{ kind: "manual" }],
    stays: true,
  },
  {
    name: "no router",
    home: { variant: "public" },
    ways: [{ kind: "direct4" }, { kind: "direct6" }],
    stays: true,
  },
];

Deno.test(
  "path: through every router that can be got through",
  { ignore },
  async () => {
    await using lab = await buildLab({
      homes: reachable.map(({ home }) => home),
    });
    const { core, settings } = await startCore(lab);
    await using _core = core;
    await forEach(reachable, async (each) => {
      const home = lab.homes[reachable.indexOf(each)];
      await using relay = await LabRelay.start(lab, home.box, {
        set: settings,
      });
      const ready = performance.now();
      for (const wanted of each.ways) {
        const way = await relay.confirmed(wanted);
        const host = wanted.kind === "direct6"
          ? home.boxAddress6
          : home.publicAddress;
        assert.equal(way.host, host);
        console.log(
          `${each.name}: ${way.kind} ${way.method ?? ""} after ` +
            `${seconds(ready)}, ${seconds(relay.startedAt)} after its start`,
        );
        await useFromOutside(lab, relay, way.host ?? "");
      }
      const { advertised, words, state } = await relay.path();
      assert.equal(state, "ok");
      assert.ok(advertised.some(({ host }) => host === home.publicAddress));
      assert.ok((await relay.addresses())[0].includes(home.publicAddress));
      console.log(`  ${words}`);
      await relay.stop();
      const hosts = each.ways.map(({ kind }) =>
        kind === "direct6" ? home.boxAddress6 ?? "" : home.publicAddress
      );
      assert.equal(
        await isStillMapped(lab, home, hosts),
        each.stays ?? false,
        each.name,
      );
    });
  },
);

/** Homes that nobody can get into. */
const closed: {
  name: string;
  home: HomeOptions;
  behind?: string;
  /** What the owner is told. */
  words: RegExp;
}[] = [
  { name: "no UPnP", home: { variant: "none" }, words: /opens no port/ },
  {
    name: "CGNAT, strict router",
    home: { variant: "cgnat", strict: true },
    words: /another router|CGNAT/,
  },
  {
    name: "CGNAT, router that tells its private address",
    home: { variant: "cgnat", reports: "own" },
    behind: "cgnat",
    words: /CGNAT/,
  },
  {
    name: "CGNAT, router that tells the carrier's address",
    home: { variant: "cgnat", reports: "carrier" },
    words: /has opened port 5223, but nobody gets through/,
  },
];

Deno.test(
  "path: what does not work is not told to the world",
  { ignore },
  async () => {
    await using lab = await buildLab({ homes: closed.map(({ home }) => home) });
    const { core, settings } = await startCore(lab);
    await using _core = core;
    await forEach(closed, async (
      { name, behind, words: expected },
    ) => {
      const index = closed.findIndex((each) => each.name === name);
      const home = lab.homes[index];
      await using relay = await LabRelay.start(lab, home.box, {
        set: settings,
      });
      const ready = performance.now();
      const told = new Set<string>();
      const { words, remedy, ways } = await relay.until((path) => {
        for (const { host } of path.advertised) told.add(host);
        return path.state === "degraded";
      });
      console.log(`${name}: known after ${seconds(ready)}`);
      console.log(`  ${words}\n  ${remedy}`);
      assert.match(words, expected);
      assert.ok(remedy);
      if (behind) assert.ok(ways.some((way) => way.behind === behind));
      // Neither now nor for a moment before.
      assert.deepEqual([...told], []);
      for (const address of await relay.addresses()) {
        assert.ok(!address.includes(home.publicAddress), address);
      }
    });
  },
);

/** Waits until somebody outside gets to the relay; how long that took, in s. */
async function openAgain(
  lab: Lab,
  host: string,
  limitSeconds: number,
): Promise<number> {
  const since = performance.now();
  const script = `exec 3<>/dev/tcp/${host}/${RELAY_PORT}`;
  for (;;) {
    const { code } = await lab.run("client", [
      ...["timeout", "1", "bash", "-c", script],
    ]);
    const took = (performance.now() - since) / 1000;
    if (code === 0) return took;
    assert.ok(took < limitSeconds, `${host} is closed after ${took} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Seconds; 5 on a machine that does nothing else. */
const LIMIT = 10;

const troubled: HomeOptions[] = [
  { variant: "igd1" },
  { variant: "igd2", ipv6: false },
  { variant: "pmp" },
  { variant: "pcp" },
  { variant: "double" },
];

Deno.test(
  "path: router restarts, new address, lost leases",
  { ignore },
  async () => {
    await using lab = await buildLab({ homes: troubled });
    const { core, settings } = await startCore(lab);
    await using _core = core;
    await forEach(troubled, async ({ variant }) => {
      const home = lab.homes[
        troubled.findIndex((one) => one.variant === variant)
      ];
      await using relay = await LabRelay.start(lab, home.box, {
        set: settings,
      });
      await relay.confirmed({ kind: "mapped", host: home.publicAddress });
      const took: string[] = [];
      const note = (what: string, seconds: number) => {
        took.push(`${what} ${seconds.toFixed(1)} s`);
        assert.ok(seconds < LIMIT, `${variant}: ${took.join(", ")}`);
      };

      await home.stopRouter();
      // Long enough for connections to be missed.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await home.startRouter();
      note("restart", await openAgain(lab, home.publicAddress, 15));

      await home.changeExternalAddress();
      const changed = performance.now();
      await relay.confirmed(
        { kind: "mapped", host: home.publicAddress },
        60_000,
      );
      note("new address told", (performance.now() - changed) / 1000);
      note("open", await openAgain(lab, home.publicAddress, 30));
      const { advertised, ways } = await relay.path();
      assert.equal(
        advertised[0]?.host,
        home.publicAddress,
        `${variant}: ${JSON.stringify(ways)}`,
      );

      await home.expireLeases();
      note("lost lease", await openAgain(lab, home.publicAddress, 60));
      await useFromOutside(lab, relay, home.publicAddress);
      console.log(`${variant}: ${took.join(", ")}`);
    });
  },
);

Deno.test(
  "path: another router that lets nobody in, and back",
  { ignore },
  async () => {
    await using lab = await buildLab({ variant: "igd2", ipv6: false });
    const { core, settings } = await startCore(lab);
    await using _core = core;
    const { home } = lab;
    await using relay = await LabRelay.start(lab, "box", { set: settings });
    await relay.confirmed({ kind: "mapped", host: home.publicAddress });
    const before = home.publicAddress;

    await home.replaceRouter("cgnat");
    const replaced = performance.now();
    await relay.until(
      ({ advertised }) => advertised.every(({ host }) => host !== before),
      60_000,
    );
    console.log(`the old address is told no more after ${seconds(replaced)}`);
    const { words } = await relay.until(
      ({ state }) => state === "degraded",
      60_000,
    );
    console.log(`the owner is told after ${seconds(replaced)}: ${words}`);

    await home.replaceRouter("pcp");
    const back = performance.now();
    await relay.confirmed({ kind: "mapped", host: home.publicAddress }, 60_000);
    console.log(`reached again after ${seconds(back)}`);
    await useFromOutside(lab, relay, home.publicAddress);
  },
);
