import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { makeWorld, startHome, visit } from "./world.ts";

const connected = ({ links }: { links: number }) => links === 2;

function resolver(port: number): Resolver {
  const it = new Resolver({ timeout: 2000, tries: 2 });
  it.setServers([`127.0.0.1:${port}`]);
  return it;
}

Deno.test("A name points to the core, home once somebody has called there, and back", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  const dns = resolver(world.dnsPort);
  await rejects(dns.resolve4("attic.relays.test"), /ENOTFOUND/);
  await using home = startHome(core, {
    identity: await world.identity("home"),
    label: "attic",
  });
  await home.until(connected);
  deepStrictEqual(await dns.resolve4("attic.relays.test"), ["203.0.113.1"]);
  // Both are on this machine: the core gets to the home through its own port.
  deepStrictEqual(await home.tunnel.reach(true), [
    { source: "127.0.0.1", outcome: "reachable", name: "home" },
  ]);
  deepStrictEqual(await dns.resolve4("attic.relays.test"), ["127.0.0.1"]);
  strictEqual(core.counts().relaysAtHome, 1);
  deepStrictEqual(await home.tunnel.reach(false), [
    { source: "127.0.0.1", outcome: "unreachable", name: "core" },
  ]);
  deepStrictEqual(await dns.resolve4("attic.relays.test"), ["203.0.113.1"]);
  // So that nobody has many calls made.
  deepStrictEqual((await home.tunnel.reach(true))[0].outcome, "too often");
});

Deno.test("Out of the core's prefix each name has an IPv6 address of its own", async () => {
  await using world = await makeWorld();
  await using core = await world.core("core.ipv6_prefix=2001:db8:1:2::/64");
  await using home = startHome(core, {
    identity: await world.identity("home"),
    label: "attic",
  });
  const { lease } = await home.until(connected);
  deepStrictEqual(
    await resolver(world.dnsPort).resolve6("attic.relays.test"),
    [`2001:db8:1:2::${lease?.port.toString(16)}`],
  );
});

Deno.test("A prefix that leaves no room for relays is refused in words", async () => {
  await using world = await makeWorld();
  await rejects(
    world.core("core.ipv6_prefix=2001:db8::/128"),
    /at most 112 bits/,
  );
});

Deno.test("Who is called and turns out to be another one does not get the name", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
    shown: await world.identity("another"),
    label: "attic",
  });
  const { lease } = await home.until(connected);
  await rejects(visit(lease?.port ?? 0, home.identity), /Somebody else/);
  deepStrictEqual(await home.tunnel.reach(true), [
    { source: "127.0.0.1", outcome: "wrong fingerprint", name: "core" },
  ]);
  deepStrictEqual(
    await resolver(world.dnsPort).resolve4("attic.relays.test"),
    ["203.0.113.1"],
  );
});

Deno.test("A home sets the texts that certificates need, and no others", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
    label: "attic",
  });
  await home.until(connected);
  const name = "_acme-challenge.attic.relays.test";
  const dns = resolver(world.dnsPort);
  await home.tunnel.setText("_acme-challenge", ["one", "two"]);
  const texts = await dns.resolveTxt(name);
  deepStrictEqual(texts.flat().sort(), ["one", "two"]);
  await rejects(home.tunnel.setText("www", ["x"]), /Only _acme-challenge/);
  ok(core.ban("attic", true));
  await rejects(dns.resolveTxt(name), /ENOTFOUND/);
  await rejects(dns.resolve4("attic.relays.test"), /ENOTFOUND/);
});

Deno.test({
  name: "dig sees what the core says",
  ignore: !await hasDig(),
  async fn() {
    await using world = await makeWorld();
    await using core = await world.core();
    await using home = startHome(core, {
      identity: await world.identity("home"),
      label: "attic",
    });
    await home.until(connected);
    const { stdout } = await new Deno.Command("dig", {
      args: [
        ...["@127.0.0.1", "-p", String(world.dnsPort), "+noall", "+answer"],
        ...["+comments", "+tries=2", "attic.relays.test", "A"],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    ok(/status: NOERROR/.test(text), text);
    ok(/flags: qr aa/.test(text), text);
    ok(/attic\.relays\.test\.\s+60\s+IN\s+A\s+203\.0\.113\.1/.test(text), text);
  },
});

async function hasDig(): Promise<boolean> {
  try {
    await new Deno.Command("dig", { args: ["-v"] }).output();
    return true;
  } catch {
    return false;
  }
}
