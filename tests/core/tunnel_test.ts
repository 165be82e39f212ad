import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { dialTls, TlsError } from "../../relay/transport/mod.ts";
import { Line } from "./line.ts";
import { eventually, exchange, makeWorld, startHome, visit } from "./world.ts";

const connected = ({ links }: { links: number }) => links === 2;

Deno.test("Apps reach a home by its leased port, and see its own certificate", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("kitchen"),
    label: "kitchen",
    port: world.leases.first + 3,
  });
  const { lease, core: addresses, sources } = await home.until(connected);
  deepStrictEqual(lease, {
    name: "kitchen.relays.test",
    port: world.leases.first + 3,
  });
  deepStrictEqual(addresses, ["203.0.113.1"]);
  deepStrictEqual(sources, ["127.0.0.1", "127.0.0.1"]);
  await using app = await visit(world.leases.first + 3, home.identity);
  ok(await exchange(app, 3_000_000));
  await using other = await visit(world.leases.first + 3, home.identity);
  ok(await exchange(other));
  strictEqual(home.pseudonyms.length, 2);
  strictEqual(home.pseudonyms[0], home.pseudonyms[1]);
  strictEqual(core.counts().visitors, 2);
  strictEqual(core.counts().links, 2);
  ok(world.log.every((line) => !line.includes("127.0.0.1")), "no addresses");
});

Deno.test("A lost link is dialled again, while the other one serves", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using line = new Line(world.port);
  await using home = startHome(core, {
    identity: await world.identity("home"),
    dial: line.port,
  });
  const { lease } = await home.until(connected);
  const port = lease?.port ?? 0;
  line.cut({ oldest: true });
  await home.until(({ links }) => links === 1);
  await using app = await visit(port, home.identity);
  ok(await exchange(app));
  await home.until(connected);
  line.cut();
  await rejects(async () => ok(await exchange(app)));
  await home.until(connected);
  await using again = await visit(port, home.identity);
  ok(await exchange(again));
});

Deno.test("A line that falls silent is noticed at both ends", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using line = new Line(world.port);
  await using home = startHome(core, {
    identity: await world.identity("home"),
    dial: line.port,
    pingMs: 50,
    deadMs: 300,
  });
  const { lease } = await home.until(connected);
  const { loud } = line.silence();
  await home.until(({ links }) => links === 0);
  loud();
  await home.until(connected);
  await using app = await visit(lease?.port ?? 0, home.identity);
  ok(await exchange(app));
  await eventually(() => core.counts().links === 2);
});

Deno.test("When the network has changed, dead links are found at once", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using line = new Line(world.port);
  await using home = startHome(core, {
    identity: await world.identity("home"),
    dial: line.port,
  });
  await home.until(connected);
  line.cut();
  home.tunnel.networkChanged();
  await home.until(connected);
});

Deno.test("A restored twin takes over; the old one is told, and returns only when it is gone", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  const identity = await world.identity("home");
  await using old = startHome(core, { identity });
  const { lease } = await old.until(connected);
  const port = lease?.port ?? 0;
  await using app = await visit(port, identity);
  {
    await using twin = startHome(core, { identity });
    deepStrictEqual((await twin.until(connected)).lease, lease);
    const { refusal } = await old.until(({ links, refusal }) =>
      links === 0 && refusal !== undefined
    );
    strictEqual(refusal?.reason, "replaced");
    ok(/switch the other one off/.test(refusal.message));
    ok(Number(refusal.retryAfterSeconds) > 0);
    await rejects(async () => ok(await exchange(app)));
    await using other = await visit(port, identity);
    ok(await exchange(other));
    strictEqual(twin.pseudonyms.length, 1);
    // Not even when it has reason to hurry.
    old.tunnel.networkChanged();
    await new Promise((resolve) => setTimeout(resolve, 100));
    strictEqual(old.tunnel.status.links, 0);
    strictEqual(core.counts().links, 2);
  }
});

Deno.test("A stranger gets another lease, whatever it wishes for", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  const wish = { label: "kitchen", port: world.leases.first };
  await using home = startHome(core, {
    identity: await world.identity("home"),
    ...wish,
  });
  await home.until(connected);
  await using stranger = startHome(core, {
    identity: await world.identity("stranger"),
    ...wish,
  });
  const { lease } = await stranger.until(connected);
  strictEqual(lease?.name, "kitchen-2.relays.test");
  ok(lease.port !== world.leases.first);
  await using app = await visit(world.leases.first, home.identity);
  ok(await exchange(app));
  strictEqual(stranger.pseudonyms.length, 0);
});

Deno.test("Somebody's certificates without the key open no link", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  const home = await world.identity("home");
  const stranger = await world.identity("stranger");
  await rejects(
    dialTls("127.0.0.1", world.port, {
      alpn: ["porchlight-tunnel/1"],
      credentials: { certificates: home.chainPem, key: stranger.keyPem },
    }),
    TlsError,
  );
  // A chain of which only the end is somebody else's.
  const [leaf] = stranger.chainPem.match(/-----BEGIN[^]*?END.*?-----\n?/g) ??
    [];
  const [, ca] = home.chainPem.match(/-----BEGIN[^]*?END.*?-----\n?/g) ?? [];
  await using link = await dialTls("127.0.0.1", world.port, {
    alpn: ["porchlight-tunnel/1"],
    credentials: { certificates: leaf + ca, key: stranger.keyPem },
  }).catch(() => undefined);
  if (link !== undefined) strictEqual(await link.read(), undefined);
  strictEqual(core.counts().leases, 0);
});

Deno.test("Label and port stay over restarts of the core and of the home", async () => {
  await using world = await makeWorld();
  const identity = await world.identity("home");
  const first = await world.core();
  let lease;
  {
    await using home = startHome(first, { identity, label: "attic" });
    ({ lease } = await home.until(connected));
  }
  await using home = startHome(first, { identity, label: "another" });
  deepStrictEqual((await home.until(connected)).lease, lease);
  await first.stop();
  await home.until(({ links }) => links === 0);
  await using core = await world.core();
  strictEqual(core.address, first.address);
  // Its port is open before it is back.
  await rejects(visit(lease?.port ?? 0, identity), TlsError);
  deepStrictEqual((await home.until(connected, 20_000)).lease, lease);
  await using app = await visit(lease?.port ?? 0, identity);
  ok(await exchange(app));
});

Deno.test("Visits are bounded, for all and for one machine", async () => {
  await using world = await makeWorld();
  await using core = await world.core("core.visitors_per_relay=40");
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const { lease } = await home.until(connected);
  const port = lease?.port ?? 0;
  await using stack = new AsyncDisposableStack();
  const apps = [];
  for (let count = 0; count < 16; count++) {
    apps.push(stack.use(await visit(port, home.identity)));
  }
  await rejects(visit(port, home.identity), TlsError);
  apps[0].abort();
  await eventually(() => core.counts().visitors === 15);
  await using again = await visit(port, home.identity);
  ok(await exchange(again));
  ok(await exchange(apps[1]));
});

Deno.test("Visitors who read nothing hold up no other", async () => {
  await using world = await makeWorld();
  await using core = await world.core("core.new_relay_rate=1GB");
  await using home = startHome(core, {
    identity: await world.identity("home"),
    async serve(connection) {
      // A file without end.
      await connection.read();
      for (const block = new Uint8Array(16384); connection.open;) {
        connection.write(block);
        await connection.drained(65536);
      }
    },
  });
  const { lease } = await home.until(connected);
  const port = lease?.port ?? 0;
  await using stack = new AsyncDisposableStack();
  for (let count = 0; count < 20; count++) {
    const stalled = await visit(port, home.identity);
    stack.defer(() => stalled.abort());
    stalled.write(new Uint8Array(1));
  }
  const app = await visit(port, home.identity);
  stack.defer(() => app.abort());
  app.write(new Uint8Array(1));
  const block = new Uint8Array(1_000_000);
  for (let megabytes = 0; megabytes < 5; megabytes++) {
    ok(await app.readFull(block));
  }
});

Deno.test("A core that stops lets visitors finish for a moment", async () => {
  await using world = await makeWorld();
  const core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const { lease } = await home.until(connected);
  const app = await visit(lease?.port ?? 0, home.identity);
  ok(await exchange(app));
  const stopped = core.stop();
  ok(await exchange(app, 500_000));
  await app.close();
  const since = performance.now();
  await stopped;
  ok(performance.now() - since < 2500, "nobody to wait for");
  await rejects(visit(lease?.port ?? 0, home.identity), TlsError);
});

Deno.test("A home that stops lets visitors finish, and waits for nobody else", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const { lease } = await home.until(connected);
  const app = await visit(lease?.port ?? 0, home.identity);
  const stopped = home.tunnel.stop();
  ok(await exchange(app, 500_000));
  await app.close();
  const since = performance.now();
  await stopped;
  ok(performance.now() - since < 1500);
  await eventually(() => core.counts().links === 0);
});

Deno.test("A tunnel stops at once while it dials, or waits for a greeting", async () => {
  await using world = await makeWorld();
  const core = await world.core();
  await core.stop();
  // Takes connections and says nothing.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const each of silent) taken.push(each);
  })();
  const home = startHome(core, {
    identity: await world.identity("home"),
    dial: silent.addr.port,
  });
  await eventually(() => taken.length === 2);
  const since = performance.now();
  await home[Symbol.asyncDispose]();
  ok(performance.now() - since < 1000);
  silent.close();
  await accepting;
  for (const each of taken) each.close();
});

Deno.test("A core with another fingerprint is not talked to", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome({
    address: core.address.replace(/\/\/..../, "//AAAA"),
  }, { identity: await world.identity("home") });
  const { failure } = await home.until(({ failure }) => failure !== undefined);
  ok(failure instanceof TlsError);
  ok(/not the core of this address/.test(failure.message));
  strictEqual(core.counts().leases, 0);
});

Deno.test("A relay that was shut out is told so, and gets its lease back", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  const identity = await world.identity("home");
  {
    await using home = startHome(core, { identity, label: "attic" });
    const { lease } = await home.until(connected);
    await using app = await visit(lease?.port ?? 0, identity);
    ok(core.ban("attic", true));
    const { refusal } = await home.until(({ links, refusal }) =>
      links === 0 && refusal !== undefined
    );
    strictEqual(refusal?.reason, "banned");
    strictEqual(refusal.retryAfterSeconds, undefined);
    await rejects(async () => ok(await exchange(app)));
    await rejects(visit(lease?.port ?? 0, identity), TlsError);
  }
  ok(!core.ban("nobody", true));
  ok(core.ban("attic", false));
  await using home = startHome(core, { identity });
  const { lease } = await home.until(connected);
  strictEqual(lease?.name, "attic.relays.test");
  await using app = await visit(lease.port, identity);
  ok(await exchange(app));
});

Deno.test("A core by invitation takes those who have it", async () => {
  await using world = await makeWorld();
  await using core = await world.core(
    "core.new_relays=false",
    "core.invitation=come in",
  );
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const { refusal } = await home.until(({ refusal }) => refusal !== undefined);
  strictEqual(refusal?.reason, "closed");
  strictEqual(core.counts().leases, 0);
});

Deno.test("A core without a port left says so, and one whose port is taken too", async () => {
  await using world = await makeWorld();
  const { first } = world.leases;
  await using core = await world.core(`core.last_relay_port=${first}`);
  using _taken = Deno.listen({ port: first });
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  const one = await home.until(({ refusal }) => refusal !== undefined);
  strictEqual(one.refusal?.reason, "full");
  ok(/in use/.test(one.refusal.message));
  ok(world.log.some((line) => /belongs to a relay/.test(line)));
  await using other = startHome(core, {
    identity: await world.identity("other"),
  });
  const two = await other.until(({ refusal }) => refusal !== undefined);
  strictEqual(two.refusal?.reason, "full");
  ok(/no port left/.test(two.refusal.message));
});

Deno.test("Leases are for the eyes of their owner only", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  await home.until(connected);
  const { mode } = await Deno.stat(join(world.directory, "core", "leases.db"));
  strictEqual((mode ?? 0) & 0o077, 0);
});
