import assert from "node:assert/strict";
import { isLocalAddress, isLocalName } from "./local_address.ts";

Deno.test("addresses of a home network are told from those of the internet", () => {
  for (
    const address of [
      "0.0.0.0",
      "10.1.2.3",
      "100.64.0.1",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "198.18.0.1",
      "224.0.0.251",
      "240.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:192.168.1.1",
      "::ffff:7f00:1",
      "::192.168.1.1",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::1",
      "2002:c0a8:101::1",
      "fc00::1",
      "fd12:3456::1",
      "fe80::1",
      "fe80::1%eth0",
      "fec0::1",
      "ff02::fb",
      "100::1",
      "example.org",
    ]
  ) assert.equal(isLocalAddress(address), true, address);
  for (
    const address of [
      "1.1.1.1",
      "100.63.255.255",
      "100.128.0.1",
      "172.15.255.255",
      "172.32.0.1",
      "192.167.1.1",
      "223.255.255.255",
      "2606:4700:4700::1111",
      "2a01:4f8::1",
      "::ffff:1.1.1.1",
      "64:ff9b::1.1.1.1",
      "2002:101:101::1",
    ]
  ) assert.equal(isLocalAddress(address), false, address);
});

Deno.test("names of a home network", () => {
  for (
    const name of ["localhost", "router", "a.local", "x.LAN.", "nas.home.arpa"]
  ) {
    assert.equal(isLocalName(name), true, name);
  }
  for (const name of ["smp.example.org", "local.example.org", "a.b."]) {
    assert.equal(isLocalName(name), false, name);
  }
});
