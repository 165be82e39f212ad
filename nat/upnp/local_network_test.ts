import assert from "node:assert/strict";
import {
  isOnLink,
  mayAnnounce,
  plainAddress,
  withZone,
} from "./local_network.ts";
import { loopback } from "./testing/fake_router.ts";

const link6 = {
  gateway: "fe80::1%lo",
  localAddress: "::1",
  interfaceName: "lo",
};

Deno.test("addresses are compared in one form", () => {
  assert.equal(plainAddress("[FE80::0:1%eth0]"), "fe80::1");
  assert.equal(plainAddress("192.168.0.1"), "192.168.0.1");
  assert.equal(withZone("fe80::1", link6), "fe80::1%lo");
  assert.equal(withZone("2001:db8::1", link6), "2001:db8::1");
});

Deno.test("what is on the network of the interface", () => {
  assert.ok(isOnLink("127.1.2.3", loopback));
  assert.ok(!isOnLink("128.0.0.1", loopback));
  assert.ok(!isOnLink("127.0.0.256", loopback));
  assert.ok(isOnLink("fe80::99", link6));
  assert.ok(!isOnLink("2001:db8::1", link6));
  assert.ok(isOnLink("10.9.9.9", { ...loopback, gateway: "10.9.9.9" }));
});

Deno.test("a device announces itself only", () => {
  const may = (host: string, sender: string, link = loopback) =>
    mayAnnounce(host, { sender, link });
  assert.ok(may("127.0.0.5", "127.0.0.5"));
  assert.ok(!may("127.0.0.1", "127.0.0.5"));
  assert.ok(!may("192.0.2.1", "192.0.2.1"));
});

Deno.test("the router alone may name another of its IPv6 addresses", () => {
  const global = { ...link6, gateway: "2001:db8::1" };
  const may = (host: string, sender: string, link = link6) =>
    mayAnnounce(host, { sender, link });
  assert.ok(may("[fe80::1]", "fe80::1"));
  assert.ok(may("[::1]", "fe80::1", { ...link6, gateway: "::1" }));
  assert.ok(may("[2001:db8::1]", "fe80::7", global));
  assert.ok(!may("[2001:db8::2]", "fe80::7", global));
  assert.ok(!may("[2001:db8::1]", "2001:db8::2", global));
  assert.ok(!may("[fe80::2]", "fe80::7"));
});
