import assert from "node:assert/strict";
import {
  type Mapping,
  MappingError,
  type MappingFailure,
  type PortMapper,
} from "./mapping.ts";
import { natPmpMapper } from "./nat_pmp.ts";
import { openMapping } from "./open_mapping.ts";
import { pcpMapper } from "./pcp.ts";
import {
  FakeRouter,
  type FakeRouterOptions,
  randomLoopback,
  until,
} from "./testing.ts";

const request = {
  internalPort: 5223,
  externalPort: 443,
  lifetimeSeconds: 3600,
};
const signal = new AbortController().signal;
const methods: readonly (readonly [string, () => PortMapper])[] = [
  ["pcp", pcpMapper],
  ["nat-pmp", natPmpMapper],
];

function seen({ method, family, externalAddress, externalPort }: Mapping) {
  return { method, family, externalAddress, externalPort };
}

for (const [method, mapper] of methods) {
  Deno.test(`${method}: map, renew, check, remove`, async () => {
    await using router = await FakeRouter.start({ maxLifetime: 1200 });
    const mapping = await mapper().map(request, { link: router.link, signal });
    assert.deepEqual(seen(mapping), {
      method,
      family: 4,
      externalAddress: "11.0.113.2",
      externalPort: 443,
    });
    assert.equal(mapping.lifetimeSeconds, 1200);
    assert.equal(router.table.get(5223)?.by, method);
    assert.equal(await mapping.check(signal), true);
    const renewed = await mapping.renew(signal);
    assert.deepEqual(seen(renewed), seen(mapping));

    router.restart();
    assert.equal(await renewed.check(signal), false);
    await renewed.renew(signal);
    assert.equal(router.table.size, 1);
    assert.equal(await renewed.check(signal), true);
    await renewed.remove(signal);
    assert.equal(router.table.size, 0);
  });

  Deno.test(`${method}: another port than the one wished for`, async () => {
    await using router = await FakeRouter.start({ taken: [443] });
    const mapping = await mapper().map(request, { link: router.link, signal });
    assert.equal(mapping.externalPort, 20_443);
    assert.equal((await mapping.renew(signal)).externalPort, 20_443);
  });

  Deno.test(`${method}: lost datagrams are sent again`, async () => {
    await using router = await FakeRouter.start({ deaf: 1 });
    await mapper().map(request, { link: router.link, signal });
    assert.equal(router.requests[0], router.requests[1]);
  });

  Deno.test(`${method}: the signal ends the waiting`, async () => {
    await using router = await FakeRouter.start({ pcp: false, natPmp: false });
    await assert.rejects(
      mapper().map(request, {
        link: router.link,
        signal: AbortSignal.timeout(50),
      }),
      { name: "TimeoutError" },
    );
  });

  Deno.test(`${method}: answers of others do not count`, async () => {
    await using router = await FakeRouter.start({ deaf: 1 });
    await using stranger = await FakeRouter.start();
    const mapping = mapper().map(request, { link: router.link, signal });
    await until(() => router.lastClient !== undefined);
    const client = router.lastClient;
    assert.ok(client);
    const asked = Uint8Array.fromHex(router.requests[0]);
    const forged = method === "pcp"
      ? Uint8Array.from(asked)
      : Uint8Array.of(0, 0x80, 0, 0, 0, 0, 0, 9, 6, 6, 6, 6);
    forged[1] |= 0x80;
    if (method === "pcp") forged[43] = 66;
    stranger.send(forged, client);
    if (method === "pcp") {
      // From the right place, and without the nonce.
      forged[24] ^= 1;
      router.send(forged, client);
    }
    const granted = await mapping;
    assert.equal(granted.externalAddress, "11.0.113.2");
    assert.equal(granted.externalPort, 443);
  });
}

const refusals: readonly (readonly [
  string,
  () => PortMapper,
  FakeRouterOptions,
  MappingFailure,
])[] = [
  ["pcp", pcpMapper, { results: { pcp: 2 } }, "refused"],
  ["pcp", pcpMapper, { results: { pcp: 7 } }, "no public address"],
  ["pcp", pcpMapper, { results: { pcp: 8 } }, "no resources"],
  ["pcp", pcpMapper, { results: { pcp: 12 } }, "refused"],
  ["pcp", pcpMapper, { results: { pcp: 77 } }, "bad answer"],
  ["pcp", pcpMapper, { pcp: false }, "no answer"],
  ["pcp", pcpMapper, { externalAddress: "0.0.0.0" }, "bad answer"],
  ["nat-pmp", natPmpMapper, { results: { map: 2 } }, "refused"],
  ["nat-pmp", natPmpMapper, { results: { address: 3 } }, "no public address"],
  ["nat-pmp", natPmpMapper, { results: { map: 4 } }, "no resources"],
  [
    "nat-pmp",
    natPmpMapper,
    { externalAddress: "0.0.0.0" },
    "no public address",
  ],
];

for (const [method, mapper, options, failure] of refusals) {
  Deno.test(`${method}: ${JSON.stringify(options)} is "${failure}"`, async () => {
    await using router = await FakeRouter.start(options);
    await rejects(
      mapper().map(request, { link: router.link, signal }),
      failure,
    );
    assert.equal(router.requests.length <= 2, true, "asked once");
  });
}

Deno.test("pcp: a pinhole for IPv6", async () => {
  await using router = await FakeRouter.start({ address: "::1" });
  const mapping = await pcpMapper().map(
    { ...request, externalPort: 5223 },
    { link: router.link, signal },
  );
  assert.deepEqual(seen(mapping), {
    method: "pcp",
    family: 6,
    externalAddress: "::1",
    externalPort: 5223,
  });
});

Deno.test("pcp: a killed program takes its mapping over with its key", async () => {
  await using router = await FakeRouter.start();
  const link = router.link;
  const nonceKey = new Uint8Array(32).fill(7);
  await pcpMapper({ nonceKey }).map(request, { link, signal });
  await rejects(pcpMapper().map(request, { link, signal }), "refused");
  await pcpMapper({ nonceKey }).map(request, { link, signal });
});

Deno.test("pcp: a check notices another address, and a lost mapping", async () => {
  await using router = await FakeRouter.start();
  const mapping = await pcpMapper().map(request, { link: router.link, signal });
  assert.equal(await mapping.check(signal), true);
  router.externalAddress = "11.0.113.3";
  assert.equal(await mapping.check(signal), false);
  router.externalAddress = mapping.externalAddress;
  router.table.clear();
  // Asking is mapping anew: it is there again.
  await mapping.check(signal);
  assert.equal(router.table.size, 1);
});

Deno.test("the protocols race, and one mapping is left", async () => {
  await using router = await FakeRouter.start();
  const opened = await openMapping({
    request,
    links: [router.link],
    mappers: [pcpMapper(), natPmpMapper()],
    signal,
  });
  assert.equal(opened.mapping?.method, "pcp");
  assert.equal(opened.behind, undefined);
  assert.equal(router.table.size, 1);
});

Deno.test("a slow winner keeps the entry that both made", async () => {
  // PCP's first datagram is lost, so that both protocols ask.
  await using router = await FakeRouter.start({ deaf: 1 });
  const opened = await openMapping({
    request,
    links: [router.link],
    mappers: [pcpMapper(), natPmpMapper()],
    signal,
  });
  assert.ok(opened.mapping);
  assert.equal(router.table.size, 1);
  await opened.mapping.remove(signal);
  assert.equal(router.table.size, 0);
});

Deno.test("a router that knows only NAT-PMP, and one that knows nothing", async () => {
  await using old = await FakeRouter.start({ pcp: false });
  await using mute = await FakeRouter.start({ pcp: false, natPmp: false });
  const opened = await openMapping({
    request,
    links: [mute.link, old.link],
    mappers: [pcpMapper(), natPmpMapper()],
    signal,
  });
  assert.equal(opened.mapping?.method, "nat-pmp");
  assert.equal(opened.link?.gateway, old.address);
  assert.equal(mute.requests.length, 8, "four times by each protocol");
  assert.deepEqual(
    opened.failures.map(({ method, gateway, failure }) => [
      method,
      gateway,
      failure,
    ]),
    [
      ["pcp", mute.address, "no answer"],
      ["nat-pmp", mute.address, "no answer"],
      ["pcp", old.address, "no answer"],
    ],
  );
});

Deno.test("a router without a public address says what is behind it", async () => {
  await using strict = await FakeRouter.start({
    results: { pcp: 8, address: 3 },
  });
  const none = await openMapping({
    request,
    links: [strict.link],
    mappers: [pcpMapper(), natPmpMapper()],
    signal,
  });
  assert.equal(none.mapping, undefined);
  assert.equal(none.behind, "nat");
  assert.deepEqual(none.failures.map(({ failure }) => failure), [
    "no resources",
    "no public address",
  ]);
});

Deno.test("double NAT: both routers map, and are kept as one", async () => {
  const network = randomLoopback().split(".").slice(0, 3).join(".");
  await using outer = await FakeRouter.start({ address: `${network}.1` });
  // What passes through the inner router comes from its address outside; on
  // loopback that is this machine's.
  await using inner = await FakeRouter.start({
    externalAddress: `${network}.2`,
    taken: [443],
  });
  const opened = await openMapping({
    request,
    links: [inner.link],
    mappers: [natPmpMapper()],
    signal,
  });
  assert.ok(opened.mapping);
  assert.equal(opened.mapping.externalAddress, "11.0.113.2");
  assert.equal(opened.mapping.externalPort, 443);
  assert.equal(opened.mapping.internalPort, 5223);
  assert.equal(opened.behind, undefined);
  assert.equal(inner.table.get(5223)?.externalPort, 20_443);
  assert.equal(outer.table.get(20_443)?.externalPort, 443);

  assert.equal(await opened.mapping.check(signal), true);
  outer.restart();
  assert.equal(await opened.mapping.check(signal), false);
  const again = await opened.mapping.renew(signal);
  assert.equal(outer.table.size, 1);
  await again.remove(signal);
  assert.equal(inner.table.size + outer.table.size, 0);
});

async function rejects(
  promise: Promise<unknown>,
  failure: MappingFailure,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof MappingError, String(error));
    assert.equal(error.failure, failure);
    return true;
  });
}
