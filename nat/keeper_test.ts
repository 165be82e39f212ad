import assert from "node:assert/strict";
import { Bell } from "./bell.ts";
import { PortKeeper } from "./keeper.ts";
import type { RouterLink } from "./mapping.ts";
import { natPmpMapper } from "./nat_pmp.ts";
import { watchNetwork } from "./network.ts";
import { pcpMapper } from "./pcp.ts";
import type { PortKeeperOptions, PortState } from "./port_state.ts";
import { FakeRouter, until } from "./testing.ts";

function keep(
  links: () => RouterLink[],
  options: Partial<PortKeeperOptions> = {},
) {
  const states: PortState[] = [];
  const keeper = new PortKeeper({
    family: 4,
    internalPort: 5223,
    externalPort: 443,
    mappers: [pcpMapper(), natPmpMapper()],
    checkInterval: 100,
    readLinks: () => Promise.resolve(links()),
    onState: (state) => states.push(state),
    ...options,
  });
  keeper.start();
  const told = () => states.map(({ state }) => state);
  return { keeper, states, told };
}

Deno.test("a port is opened, and closed at the end", async () => {
  await using router = await FakeRouter.start();
  const { keeper, told } = keep(() => [router.link]);
  await until(() => keeper.state.state === "mapped");
  assert.equal(keeper.state.mapping?.externalAddress, "11.0.113.2");
  assert.equal(keeper.state.mapping?.externalPort, 443);
  assert.equal(keeper.state.behind, undefined);
  assert.equal(router.table.size, 1);
  await keeper.stop();
  assert.equal(router.table.size, 0);
  assert.deepEqual(told(), ["searching", "mapped"]);
});

Deno.test("a signal ends it as well", async () => {
  await using router = await FakeRouter.start();
  const end = new AbortController();
  const { keeper } = keep(() => [router.link], { signal: end.signal });
  await until(() => router.table.size === 1);
  await until(() => keeper.state.state === "mapped");
  end.abort();
  await until(() => router.table.size === 0);
  await keeper.stop();
});

Deno.test("it ends at once while it searches", async () => {
  await using mute = await FakeRouter.start({ pcp: false, natPmp: false });
  const { keeper, told } = keep(() => [mute.link]);
  await until(() => mute.requests.length > 0);
  const since = performance.now();
  await keeper.stop();
  assert.ok(performance.now() - since < 2000);
  assert.deepEqual(told(), ["searching"]);
});

for (const method of ["pcp", "nat-pmp"] as const) {
  Deno.test(`${method}: a router that restarts is asked again`, async () => {
    await using router = await FakeRouter.start({ pcp: method === "pcp" });
    await using kept = keep(() => [router.link]).keeper;
    await until(() => kept.state.state === "mapped");
    const first = kept.state.mapping;
    router.restart();
    await until(() => router.table.size === 1);
    await until(() => kept.state.mapping !== first);
    assert.equal(kept.state.state, "mapped");
    assert.equal(kept.state.mapping?.method, method);

    router.off = true;
    router.restart();
    await new Promise((resolve) => setTimeout(resolve, 300));
    router.off = false;
    await until(() => router.table.size === 1);
  });
}

Deno.test("a changed address outside is told", async () => {
  await using router = await FakeRouter.start({ pcp: false });
  await using kept = keep(() => [router.link]).keeper;
  await until(() => kept.state.state === "mapped");
  router.externalAddress = "11.0.113.9";
  await until(() => kept.state.mapping?.externalAddress === "11.0.113.9");
  router.externalAddress = "100.64.3.4";
  await until(() => kept.state.behind === "cgnat");
});

Deno.test("a lease is renewed before it lapses", async () => {
  await using router = await FakeRouter.start({ maxLifetime: 2 });
  await using kept = keep(() => [router.link], { checkInterval: 60_000 })
    .keeper;
  await until(() => kept.state.state === "mapped");
  assert.equal(router.requests.length, 1);
  await until(() => router.requests.length === 2);
  assert.equal(kept.state.state, "mapped");
  assert.equal(router.requests[1].slice(0, 4), "0201");
});

Deno.test("another network: the old router is left, the new one asked", async () => {
  await using home = await FakeRouter.start();
  await using cafe = await FakeRouter.start({ externalAddress: "11.0.113.7" });
  let links = [home.link];
  const { keeper: kept, told } = keep(() => links);
  await until(() => kept.state.state === "mapped");
  links = [cafe.link];
  kept.searchNow();
  await until(() => kept.state.mapping?.externalAddress === "11.0.113.7");
  assert.equal(home.table.size, 0);
  links = [];
  kept.searchNow();
  await until(() => !kept.state.connected);
  assert.equal(kept.state.state, "none");
  links = [home.link];
  kept.searchNow();
  await until(() => kept.state.state === "mapped");
  await kept.stop();
  assert.deepEqual(
    told(),
    [
      "searching",
      "mapped",
      "searching",
      "mapped",
      "none",
      "searching",
      "mapped",
    ].slice(0, told().length),
  );
});

Deno.test("a router that refuses: why, and asked again on demand", async () => {
  const results: { pcp?: number; map?: number } = { pcp: 2, map: 2 };
  await using router = await FakeRouter.start({ results });
  await using kept = keep(() => [router.link]).keeper;
  await until(() => kept.state.state === "none");
  assert.deepEqual(kept.state.failures.map(({ failure }) => failure), [
    "refused",
    "refused",
  ]);
  assert.equal(kept.state.connected, true);
  results.pcp = 0;
  kept.searchNow();
  await until(() => kept.state.state === "mapped");
});

Deno.test("a public address of its own needs no router", async () => {
  await using router = await FakeRouter.start();
  const link = { ...router.link, localAddress: "11.0.113.5" };
  await using kept = keep(() => [link]).keeper;
  await until(() => kept.state.state === "none");
  assert.equal(kept.state.ownAddress, "11.0.113.5");
  assert.equal(router.requests.length, 0);
});

Deno.test("a bell keeps its rings until somebody waits", async () => {
  const { signal } = new AbortController();
  const bell = new Bell<"one" | "two">();
  bell.ring("one");
  bell.ring("one");
  bell.ring("two");
  assert.deepEqual([...await bell.wait(10_000, signal)], ["one", "two"]);
  assert.deepEqual([...await bell.wait(1, signal)], []);
  setTimeout(() => bell.ring("two"), 1);
  assert.deepEqual([...await bell.wait(Infinity, signal)], ["two"]);
  assert.deepEqual([...await bell.wait(Infinity, AbortSignal.timeout(1))], []);
});

Deno.test("watching the network ends with its signal", async () => {
  let changes = 0;
  await watchNetwork({
    signal: AbortSignal.timeout(60),
    intervalMs: 10,
    onChange: () => changes++,
  });
  assert.equal(changes, 0);
});
