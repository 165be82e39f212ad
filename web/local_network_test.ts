import assert from "node:assert/strict";
import { isOwnHost, ownNames, peerGroup } from "./local_network.ts";

Deno.test("a machine knows its own names", () => {
  assert.deepEqual(ownNames("Lamp.fritz.box"), [
    "porchlight.local",
    "lamp",
    "lamp.local",
  ]);
  assert.deepEqual(ownNames(""), ["porchlight.local"]);
});

Deno.test("a public address is its own where an interface has it", () => {
  const own = [{ address: "198.100.1.2", cidr: "198.100.1.2/24" }];
  assert(isOwnHost("198.100.1.2:8080", [], own));
  assert(!isOwnHost("198.100.1.3:8080", [], own));
  assert(!isOwnHost(null, [], own));
  assert(!isOwnHost("", [], own));
  assert(isOwnHost("Lamp.Local", ["lamp.local"], []));
});

Deno.test("addresses of one IPv6 network count as one peer", () => {
  assert.equal(peerGroup("2001:9e8:1:2::7"), peerGroup("2001:9e8:1:2:ffff::1"));
  assert.notEqual(peerGroup("2001:9e8:1:2::7"), peerGroup("2001:9e8:1:3::7"));
  assert.equal(peerGroup("::ffff:192.168.1.2"), peerGroup("192.168.1.2"));
  assert.notEqual(peerGroup("192.168.1.2"), peerGroup("192.168.1.3"));
});
