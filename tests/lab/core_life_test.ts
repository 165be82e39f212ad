import assert from "node:assert/strict";
import { join } from "node:path";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { CORE_DOMAIN, LabCore } from "./lab_core.ts";
import { LabRelay, RELAY_PORT } from "./lab_relay.ts";
import { buildLab, type Home, type Lab } from "./mod.ts";
import { asOwner, useRelay } from "./programs.ts";
import { coreLabMissing } from "./resolver.ts";

const missing = await coreLabMissing();
if (missing) console.log(`No core in the network lab: ${missing}`);
const ignore = missing !== undefined;

/** The name and the port that a relay has, once it is reached by them. */
async function leased(relay: LabRelay, limitMs?: number) {
  await relay.until(
    ({ advertised: [first] }) =>
      first !== undefined && first.confirmed &&
      first.host.endsWith(CORE_DOMAIN),
    limitMs,
  );
  const [address] = await relay.addresses();
  const { hosts: [name], port } = parseServerAddress(address);
  return { address, name, port };
}

/** Waits until the owner is told this. */
async function toldTo(
  lab: Lab,
  relay: LabRelay,
  words: RegExp,
): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const status = await asOwner(lab, relay, "status");
    if (words.test(status)) return;
    assert.ok(performance.now() < end, status);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

async function copyDirectory(from: string): Promise<string> {
  const to = await Deno.makeTempDir({ prefix: "lab-" });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
  return to;
}

Deno.test(
  "core: restarts, a restored twin, a stranger who wants a name",
  { ignore },
  async () => {
    await using lab = await buildLab({
      homes: ["none", "none", { variant: "igd2", ipv6: false }],
    });
    await using core = await LabCore.start(lab);
    const set = [`path.core=${core.address}`];
    const directory = await Deno.makeTempDir({ prefix: "lab-" });
    try {
      const first = await LabRelay.start(lab, "box1", { set, directory });
      const { address, name, port } = await leased(first);
      await first.stop();
      // Another start of the program: the same name and port, at once.
      await using relay = await LabRelay.start(lab, "box1", { set, directory });
      assert.equal((await relay.addresses())[0], address);
      await leased(relay);

      await useStranger({ lab, set, name, port });
      await using mapped = await LabRelay.start(lab, "box3", { set });
      const other = await leased(mapped);

      await core.untilName(other.name, [lab.homes[2].publicAddress]);
      // Resolvers remember for a minute where it is.
      await useRelay(lab, other.address);
      await core.stop();
      await toldTo(lab, relay, /core cannot be reached/);
      await useRelay(lab, other.address);
      await core.start();
      const restarted = performance.now();
      for (const each of [relay, mapped]) {
        await each.until(({ ways }) =>
          ways.some(({ kind, state }) =>
            kind === "tunnel" && state === "confirmed"
          )
        );
        console.log(
          `${each.place}: at the core again after ${seconds(restarted)}`,
        );
      }
      await core.untilName(other.name, [lab.homes[2].publicAddress]);
      await useRelay(lab, address);

      await useTwin({ lab, set, relay, address });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

/** Wishes for what another has get somebody else nothing of it. */
async function useStranger(
  { lab, set, name, port }: {
    lab: Lab;
    set: readonly string[];
    name: string;
    port: string;
  },
): Promise<void> {
  const [label] = name.split(".");
  await using stranger = await LabRelay.start(lab, "box2", {
    set: [...set, `path.core_label=${label}`, `path.external_port=${port}`],
  });
  const given = await leased(stranger);
  assert.notEqual(given.name, name);
  assert.notEqual(given.port, port);
}

/** A copy of a relay's data, started in another home, takes its place. */
async function useTwin(
  { lab, set, relay, address }: {
    lab: Lab;
    set: readonly string[];
    relay: LabRelay;
    address: string;
  },
): Promise<void> {
  const directory = await copyDirectory(relay.directory);
  try {
    const started = performance.now();
    await using twin = await LabRelay.start(lab, "box2", { set, directory });
    assert.equal((await twin.addresses())[0], address);
    await leased(twin);
    console.log(`the twin is there after ${seconds(started)}`);
    await toldTo(lab, relay, /Another machine/);
    await useRelay(lab, address);
    assert.match(await asOwner(lab, twin, "status"), /all is well/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test(
  "core: a relay that has no network at first, or no core",
  { ignore },
  async () => {
    await using lab = await buildLab({
      homes: [{ variant: "igd2", ipv6: false }, "none"],
    });
    await using core = await LabCore.start(lab);
    const set = [`path.core=${core.address}`];
    await Promise.all([
      startWithoutNetwork(lab.homes[0], { lab, core, set }),
      startWithoutCore(lab, set),
    ]);
  },
);

async function startWithoutNetwork(
  home: Home,
  { lab, core, set }: { lab: Lab; core: LabCore; set: readonly string[] },
): Promise<void> {
  const ip = async (...words: string[]) => {
    const { code, stderr } = await lab.run(home.box, ["ip", ...words]);
    assert.equal(code, 0, stderr);
  };
  await ip("link", "set", "eth0", "down");
  await using relay = await LabRelay.start(lab, home.box, { set });
  await toldTo(lab, relay, /not connected to the Internet/);
  // Longer than the first attempts.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await ip("link", "set", "eth0", "up");
  await ip("route", "add", "default", "via", "192.168.50.1");
  const connected = performance.now();
  const { address, name } = await leased(relay, 60_000);
  console.log(
    `no network at first: leased ${seconds(connected)} after it came`,
  );
  await core.untilName(name, [home.publicAddress]);
  await useRelay(lab, address);
}

async function startWithoutCore(
  lab: Lab,
  set: readonly string[],
): Promise<void> {
  // Its port is shut for this home only: others go on.
  const rules = (what: string) =>
    lab.run("router2", ["nft", "-f", "-"], { input: what });
  await rules(
    "add table inet shut\nadd chain inet shut out " +
      "{ type filter hook forward priority -10; }\n" +
      "add rule inet shut out tcp dport 443 reject with tcp reset\n",
  );
  await using relay = await LabRelay.start(lab, "box2", { set });
  await toldTo(lab, relay, /core cannot be reached/);
  const [inside] = await relay.addresses();
  await useRelay(
    lab,
    inside.replace(/@.*/, `@192.168.50.2:${RELAY_PORT}`),
    "box2",
  );
  await rules("delete table inet shut\n");
  const opened = performance.now();
  const { address } = await leased(relay, 60_000);
  console.log(`no core at first: leased ${seconds(opened)} after it was there`);
  await useRelay(lab, address);
}
