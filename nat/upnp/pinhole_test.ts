import assert from "node:assert/strict";
import { openPinhole } from "./pinhole.ts";
import { FakeRouter, loopback } from "./testing/fake_router.ts";

const REQUEST = { internalPort: 8443, externalPort: 443, lifetimeSeconds: 600 };
const soon = () => AbortSignal.timeout(5_000);

function open(router: FakeRouter, request = REQUEST) {
  const service = {
    type: "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
    control: new URL("/ctl/IP6FCtl", router.location),
  };
  return openPinhole({ service, link: loopback, name: "Box 7" }, {
    request,
    signal: soon(),
  });
}

Deno.test("opens, renews, knows and closes", async () => {
  await using router = await FakeRouter.start();
  const pinhole = await open(router);
  assert.equal(pinhole.family, 6);
  assert.equal(pinhole.externalPort, 8443);
  assert.equal(pinhole.externalAddress, loopback.localAddress);
  assert.equal(pinhole.lifetimeSeconds, 600);
  assert.equal(pinhole.firewallOff, false);
  assert.deepEqual([...router.pinholes.values()], [{
    RemoteHost: "",
    RemotePort: "0",
    InternalClient: "127.0.0.1",
    InternalPort: "8443",
    Protocol: "6",
    LeaseTime: "600",
  }]);
  assert.equal(await pinhole.check(soon()), true);
  await pinhole.renew(soon());
  assert.equal(router.asked.filter((name) => name === "AddPinhole").length, 1);
  await pinhole.remove(soon());
  assert.equal(router.pinholes.size, 0);
  assert.equal(await pinhole.check(soon()), false);
  await pinhole.remove(soon());
});

Deno.test("a lease longer than the service knows is shortened", async () => {
  await using router = await FakeRouter.start();
  const pinhole = await open(router, { ...REQUEST, lifetimeSeconds: 604_800 });
  assert.equal(pinhole.lifetimeSeconds, 86_400);
});

Deno.test("what the router forgot is opened anew", async () => {
  for (const code of [704, 402]) {
    await using router = await FakeRouter.start({
      actions: {
        UpdatePinhole: ({ UniqueID }) =>
          router.pinholes.has(UniqueID) ? {} : code,
        CheckPinholeWorking: ({ UniqueID }) =>
          router.pinholes.has(UniqueID) ? {} : code,
      },
    });
    const pinhole = await open(router);
    router.pinholes.clear();
    assert.equal(await pinhole.check(soon()), false);
    const renewed = await pinhole.renew(soon());
    assert.equal(router.pinholes.size, 1);
    assert.equal(await renewed.check(soon()), true);
  }
});

Deno.test("a router without CheckPinholeWorking is asked for packets", async () => {
  await using router = await FakeRouter.start({
    actions: { CheckPinholeWorking: () => 602 },
  });
  const pinhole = await open(router);
  assert.equal(await pinhole.check(soon()), true);
  router.pinholes.clear();
  assert.equal(await pinhole.check(soon()), false);
});

Deno.test("an opening that nobody has used yet is known", async () => {
  await using router = await FakeRouter.start({
    actions: { CheckPinholeWorking: () => 709 },
  });
  assert.equal(await (await open(router)).check(soon()), true);
});

Deno.test("a firewall that is off needs no opening", async () => {
  let enabled = "0";
  await using router = await FakeRouter.start({
    actions: {
      GetFirewallStatus: () => ({
        FirewallEnabled: enabled,
        InboundPinholeAllowed: "0",
      }),
    },
  });
  const pinhole = await open(router);
  assert.equal(pinhole.firewallOff, true);
  assert.equal(pinhole.lifetimeSeconds, undefined);
  assert.equal(await pinhole.check(soon()), true);
  enabled = "1";
  assert.equal(await pinhole.check(soon()), false);
  await assert.rejects(pinhole.renew(soon()), {
    failure: "refused",
    code: 703,
  });
  assert.ok(!router.asked.includes("AddPinhole"));
});

Deno.test("a firewall switched off meanwhile needs no opening", async () => {
  await using router = await FakeRouter.start({
    actions: { AddPinhole: () => 702 },
  });
  assert.equal((await open(router)).firewallOff, true);
});

for (
  const [code, failure] of [
    [606, "refused"],
    [701, "no resources"],
    [703, "refused"],
    [705, "refused"],
    [708, "refused"],
  ] as const
) {
  Deno.test(`AddPinhole refused with ${code} is "${failure}"`, async () => {
    await using router = await FakeRouter.start({
      actions: { AddPinhole: () => code },
    });
    await assert.rejects(open(router), { failure, code });
  });
}
