import assert from "node:assert/strict";
import { join } from "node:path";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { CORE_DOMAIN, LabCore } from "./lab_core.ts";
import { LabRelay, RELAY_PORT } from "./lab_relay.ts";
import { buildLab, type Home, type HomeOptions, type Lab } from "./mod.ts";
import { asOwner, porchlight, useRelay } from "./programs.ts";
import { coreLabMissing } from "./resolver.ts";

const missing = await coreLabMissing();
if (missing) console.log(`No core in the network lab: ${missing}`);
const ignore = missing !== undefined;

interface Place {
  readonly name: string;
  readonly home: HomeOptions;
  readonly kind: "mapped" | "tunnel";
}

const places: Place[] = [
  {
    name: "mapped, IPv4",
    home: { variant: "igd2", ipv6: false },
    kind: "mapped",
  },
  { name: "mapped, both", home: { variant: "igd2" }, kind: "mapped" },
  {
    name: "CGNAT, naive router",
    home: { variant: "cgnat", reports: "carrier" },
    kind: "tunnel",
  },
  {
    name: "CGNAT, strict router",
    home: { variant: "cgnat", strict: true },
    kind: "tunnel",
  },
  { name: "nothing", home: { variant: "none" }, kind: "tunnel" },
];

/** Where the name of a relay at this home has to point. */
function expected(lab: Lab, home: Home, { kind }: Place) {
  return kind === "tunnel"
    ? { A: [lab.address("core")], AAAA: [lab.address6("core")] }
    : {
      A: [home.publicAddress],
      AAAA: home.boxAddress6 === undefined ? [] : [home.boxAddress6],
    };
}

Deno.test(
  "core: a name and a port for each home, whatever its router does",
  { ignore },
  async () => {
    await using lab = await buildLab({ homes: places.map(({ home }) => home) });
    await using core = await LabCore.start(lab);
    const told = await Promise.all(places.map(async (place, index) => {
      const home = lab.homes[index];
      const relay = await LabRelay.start(lab, home.box, {
        set: [`path.core=${core.address}`],
      });
      try {
        return await usePlace(place, { lab, core, home, relay });
      } finally {
        await relay.stop();
      }
    }));
    const names = told.map(({ hosts }) => hosts[0]);
    const ports = told.map(({ port }) => port);
    assert.equal(new Set(names).size, places.length);
    assert.equal(new Set(ports).size, places.length);
  },
);

async function usePlace(
  place: Place,
  { lab, core, home, relay }: {
    lab: Lab;
    core: LabCore;
    home: Home;
    relay: LabRelay;
  },
) {
  const { advertised } = await relay.until(({ advertised: [first] }) =>
    first?.kind === place.kind && first.confirmed &&
    first.host.endsWith(CORE_DOMAIN)
  );
  console.log(
    `${place.name}: ${advertised[0].kind} after ` +
      `${((performance.now() - relay.startedAt) / 1000).toFixed(1)} s`,
  );
  const [first] = await relay.addresses();
  const address = parseServerAddress(first);
  const [name] = address.hosts;
  assert.ok(name.endsWith(`.${CORE_DOMAIN}`), first);
  assert.notEqual(address.port, String(RELAY_PORT));

  const { A, AAAA } = expected(lab, home, place);
  await core.untilName(name, A);
  assert.deepEqual(await core.lookUp(name, { at: "resolver" }), A);
  assert.deepEqual(
    await core.lookUp(name, { at: "resolver", type: "AAAA" }),
    AAAA,
  );
  // By its name, as an app does: a queue, a message, and the queue deleted.
  await useRelay(lab, first);
  if (place.kind === "mapped") {
    const { ways } = await relay.path();
    const { port } = ways.find(({ kind }) => kind === "mapped") ?? {};
    assert.equal(port, Number(address.port));
  }
  // The same port at home.
  const inside = first.replace(/@.*/, `@${home.boxAddress}:${address.port}`);
  await useRelay(lab, inside, home.box);

  assert.match(await asOwner(lab, relay, "address"), new RegExp(`@${name}:`));
  const status = await asOwner(lab, relay, "status");
  assert.match(status, /all is well/);
  assert.match(status, new RegExp(`${name}`));
  if (place.name === "nothing") await passFile(lab, relay);
  return address;
}

/** A file goes up and comes down through the tunnel. */
async function passFile(lab: Lab, relay: LabRelay): Promise<void> {
  const address = (await relay.addresses())
    .find((each) => each.startsWith("xftp:"));
  assert.ok(address);
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "file");
    const bytes = new Uint8Array(3_000_000);
    for (let at = 0; at < bytes.length; at += 65536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65536));
    }
    await Deno.writeFile(file, bytes);
    const [up, down] = ["up", "down"].map((name) => join(directory, name));
    await Deno.mkdir(up);
    await Deno.mkdir(down);
    await porchlight(lab, "client", [
      ...["file", "send", file, "--server", address, "--output", up],
    ]);
    await porchlight(lab, "client", [
      ...["file", "receive", join(up, "file.xftp", "rcv1.xftp")],
      ...["--output", down, "--yes"],
    ]);
    assert.deepEqual(await Deno.readFile(join(down, "file")), bytes);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
