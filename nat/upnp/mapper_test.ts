import assert from "node:assert/strict";
import { upnpMapper } from "./mod.ts";
import {
  type FakeOptions,
  FakeRouter,
  loopback,
  type Outcome,
  searchAnswer,
} from "./testing/fake_router.ts";
import { describeRouter, prefixed } from "./testing/descriptions.ts";

const REQUEST = {
  internalPort: 8443,
  externalPort: 443,
  lifetimeSeconds: 600,
};
const IP1 = [{ type: "WANIPConnection:1", control: "/ctl/IPConn" }];
const OTHER = {
  client: "192.168.0.9",
  internalPort: "443",
  lease: "0",
  description: "other",
};

function map(router: FakeRouter, request = REQUEST) {
  return upnpMapper({ searchTargets: router.searchTargets }).map(request, {
    link: loopback,
    signal: AbortSignal.timeout(10_000),
  });
}

function igd1(options: FakeOptions = {}): FakeOptions {
  return {
    description: describeRouter({ services: IP1 }),
    device: "InternetGatewayDevice:1",
    ...options,
  };
}

const soon = () => AbortSignal.timeout(5_000);

Deno.test("IGD 2 maps, renews, knows and forgets a port", async () => {
  await using router = await FakeRouter.start();
  const mapping = await map(router);
  assert.equal(mapping.method, "upnp");
  assert.equal(mapping.family, 4);
  assert.equal(mapping.externalAddress, "203.0.113.2");
  assert.equal(mapping.externalPort, 443);
  assert.equal(mapping.internalPort, 8443);
  assert.equal(mapping.lifetimeSeconds, 600);
  assert.equal(mapping.router, "Box 7");
  assert.deepEqual(router.table.get("443"), {
    client: "127.0.0.1",
    internalPort: "8443",
    lease: "600",
    description: "Porchlight",
  });
  assert.equal(await mapping.check(soon()), true);
  const renewed = await mapping.renew(soon());
  assert.equal(renewed.externalPort, 443);
  await renewed.remove(soon());
  assert.equal(router.table.size, 0);
  assert.equal(await mapping.check(soon()), false);
});

Deno.test("IGD 2 grants another port than the one asked for", async () => {
  await using router = await FakeRouter.start();
  router.table.set("443", OTHER);
  const mapping = await map(router);
  assert.equal(mapping.externalPort, 444);
  await mapping.remove(soon());
  assert.deepEqual([...router.table], [["443", OTHER]]);
});

Deno.test("IGD 2 without AddAnyPortMapping is asked the old way", async () => {
  for (const code of [401, 602, 501]) {
    await using router = await FakeRouter.start({
      actions: { AddAnyPortMapping: () => code },
    });
    assert.equal((await map(router)).externalPort, 443);
    assert.ok(router.asked.includes("AddPortMapping"));
  }
});

Deno.test("IGD 1 takes another port when one is taken", async () => {
  await using router = await FakeRouter.start(igd1());
  router.table.set("443", OTHER);
  const first = await map(router);
  assert.equal(first.externalPort, 8443);
  router.table.set("8443", OTHER);
  const second = await map(router);
  assert.ok(second.externalPort >= 20_000 && second.externalPort < 32_000);
  assert.ok(!router.asked.includes("AddAnyPortMapping"));
  assert.ok(!router.asked.includes("DeletePortMapping"));
});

Deno.test("what another program of this computer forwards is left alone", async () => {
  await using router = await FakeRouter.start();
  const neighbour = { ...OTHER, client: "127.0.0.1", internalPort: "9000" };
  router.table.set("443", neighbour);
  const mapping = await map(router);
  assert.equal(mapping.externalPort, 8443);
  assert.deepEqual(router.table.get("443"), neighbour);
  // But not what the relay left there itself.
  router.table.set("443", { ...neighbour, description: "Porchlight" });
  assert.equal((await map(router)).externalPort, 443);
});

Deno.test("IGD 1 that refuses our own port again is made to forget it first", async () => {
  await using router = await FakeRouter.start(igd1({
    actions: {
      AddPortMapping: () => router.table.has("443") ? 718 : undefined,
    },
  }));
  const mapping = await map(router);
  const renewed = await mapping.renew(soon());
  assert.equal(renewed.externalPort, 443);
  assert.ok(router.asked.includes("DeletePortMapping"));
});

Deno.test("IGD 1 that knows only port forwards without end", async () => {
  await using router = await FakeRouter.start(igd1({
    actions: {
      AddPortMapping: (input) =>
        input.NewLeaseDuration === "0" ? undefined : 725,
    },
  }));
  const mapping = await map(router);
  assert.equal(mapping.lifetimeSeconds, undefined);
  assert.equal(router.table.get("443")?.lease, "0");
});

Deno.test("IGD 1 that knows only the same port outside as inside", async () => {
  await using router = await FakeRouter.start(igd1({
    actions: {
      AddPortMapping: (input) =>
        input.NewExternalPort === input.NewInternalPort ? undefined : 724,
    },
  }));
  assert.equal((await map(router)).externalPort, 8443);
});

Deno.test("of several connections the connected one is used", async () => {
  const used: string[] = [];
  await using router = await FakeRouter.start(igd1({
    description: describeRouter({
      services: [
        { type: "WANIPConnection:1", control: "/wan1" },
        { type: "WANIPConnection:1", control: "/wan2" },
        { type: "WANPPPConnection:1", control: "/ppp" },
      ],
    }),
    actions: {
      GetStatusInfo: (_, path) => ({
        NewConnectionStatus: path === "/ppp" ? "Connected" : "Disconnected",
      }),
      AddPortMapping: (_, path): Outcome | undefined => {
        used.push(path);
        return undefined;
      },
    },
  }));
  await map(router);
  assert.deepEqual(used, ["/ppp"]);
});

Deno.test("a PPP connection, prefixes and a relative control URL", async () => {
  const paths: string[] = [];
  await using router = await FakeRouter.start({
    description: prefixed,
    actions: {
      AddPortMapping: (_, path): Outcome | undefined => {
        paths.push(path);
        return undefined;
      },
    },
  });
  assert.equal((await map(router)).router, "Router <home>");
  assert.deepEqual(paths, ["/upnp/control"]);
});

Deno.test("a mapping is not known after a restart, nor with another address", async () => {
  await using router = await FakeRouter.start();
  const mapping = await map(router);
  router.externalAddress = "203.0.113.9";
  assert.equal(await mapping.check(soon()), false);
  router.externalAddress = "203.0.113.2";
  assert.equal(await mapping.check(soon()), true);
  router.table.set("443", OTHER);
  assert.equal(await mapping.check(soon()), false);
  await mapping.remove(soon());
  assert.deepEqual([...router.table], [["443", OTHER]]);
});

Deno.test("a router that cannot tell its entries is checked by its address", async () => {
  await using router = await FakeRouter.start({
    actions: { GetSpecificPortMappingEntry: () => 401 },
  });
  const mapping = await map(router);
  assert.equal(await mapping.check(soon()), true);
  await mapping.remove(soon());
  assert.equal(router.table.size, 0);
});

for (
  const [code, failure] of [
    [401, "refused"],
    [402, "bad answer"],
    [501, "refused"],
    [606, "refused"],
    [716, "bad answer"],
    [718, "no resources"],
    [724, "no resources"],
    [725, "refused"],
    [726, "bad answer"],
    [727, "refused"],
    [728, "no resources"],
    [729, "no resources"],
    [732, "bad answer"],
    [899, "refused"],
  ] as const
) {
  Deno.test(`AddPortMapping refused with ${code} is "${failure}"`, async () => {
    await using router = await FakeRouter.start(igd1({
      actions: { AddPortMapping: () => code },
    }));
    await assert.rejects(map(router), { name: "MappingError", failure, code });
  });
}

Deno.test("a router without an address outside says so", async () => {
  for (const address of ["", "0.0.0.0"]) {
    await using router = await FakeRouter.start();
    router.externalAddress = address;
    await assert.rejects(map(router), { failure: "no public address" });
    assert.equal(router.table.size, 0);
  }
});

Deno.test("an address that is none, and a port that is none", async () => {
  await using router = await FakeRouter.start({
    actions: { AddAnyPortMapping: () => ({ NewReservedPort: "70000" }) },
  });
  await assert.rejects(map(router), { failure: "bad answer" });
  router.externalAddress = "evil.example";
  await assert.rejects(map(router), { failure: "bad answer" });
});

Deno.test("only the device itself may be announced", async () => {
  for (
    const location of [
      "http://192.0.2.1/desc.xml",
      "http://127.0.0.2:PORT/desc.xml",
      "http://user:secret@127.0.0.1:PORT/desc.xml",
      "https://127.0.0.1:PORT/desc.xml",
      "http://localhost:PORT/desc.xml",
      "file:///etc/passwd",
    ]
  ) {
    await using router = await FakeRouter.start({
      answer: (own) => [
        searchAnswer(
          location.replace("PORT", new URL(own).port),
          "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
        ),
      ],
    });
    await assert.rejects(
      upnpMapper({ searchTargets: router.searchTargets }).map(REQUEST, {
        link: loopback,
        signal: AbortSignal.timeout(300),
      }),
      { name: "TimeoutError" },
    );
    assert.equal(router.described, 0);
  }
});

Deno.test("a control URL on another host is not used", async () => {
  await using router = await FakeRouter.start({
    description: describeRouter({
      services: [{
        type: "WANIPConnection:1",
        control: "http://192.0.2.1/ctl",
      }],
    }),
  });
  await assert.rejects(map(router), { failure: "refused" });
  assert.deepEqual(router.asked, []);
});

Deno.test("a base left from another address does not matter", async () => {
  await using router = await FakeRouter.start({
    description: describeRouter({ urlBase: "http://192.168.0.1:5678/" }),
  });
  assert.equal((await map(router)).externalPort, 443);
});

Deno.test("redirects, floods and nonsense are bad answers", async (t) => {
  const answers: Record<string, () => Response> = {
    redirect: () =>
      new Response(null, { status: 302, headers: { location: "/x" } }),
    flood: () => new Response("<root>".repeat(60_000)),
    bomb: () =>
      new Response(
        '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' +
          "<root>&b;&b;&b;</root>",
      ),
    deep: () => new Response("<a>".repeat(2_000) + "</a>".repeat(2_000)),
    empty: () => new Response(""),
  };
  for (const [name, http] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using router = await FakeRouter.start({ http });
      await assert.rejects(map(router), { failure: "bad answer" });
    });
  }
});

Deno.test("a router that answers nonsense to a question", async () => {
  await using router = await FakeRouter.start({
    http: (request) =>
      request.method === "POST" ? new Response("<html/>") : undefined,
  });
  await assert.rejects(map(router), { failure: "bad answer" });
});

Deno.test("the next description is read when the first is no router's", async () => {
  let misled = 0;
  await using router = await FakeRouter.start(igd1({
    http: (request) => {
      if (!request.url.endsWith("/bad.xml")) return undefined;
      misled++;
      return new Response("<root/>");
    },
    answer: (location) =>
      ["bad.xml", "desc.xml"].map((name) =>
        searchAnswer(
          new URL(name, location).href,
          "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        )
      ),
  }));
  assert.equal((await map(router)).externalPort, 443);
  assert.equal(misled, 1);
});

Deno.test("nobody answers, and the caller does not wait", async () => {
  await using router = await FakeRouter.start({ answer: () => ["hello", ""] });
  const mapper = upnpMapper({ searchTargets: router.searchTargets });
  await assert.rejects(
    mapper.map(REQUEST, { link: loopback, signal: soon() }),
    { failure: "no answer" },
  );
  await assert.rejects(
    mapper.map(REQUEST, { link: loopback, signal: AbortSignal.timeout(50) }),
    { name: "TimeoutError" },
  );
});

Deno.test("no such address of this machine is no network", async () => {
  await assert.rejects(
    upnpMapper({ searchTargets: () => [] }).map(REQUEST, {
      link: { ...loopback, localAddress: "192.0.2.77" },
      signal: soon(),
    }),
    { failure: "no network" },
  );
});
