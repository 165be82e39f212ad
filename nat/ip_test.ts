import assert from "node:assert/strict";
import {
  addressFamily,
  addressKind,
  formatAddress,
  parseAddress,
  sameAddress,
  toSixteenBytes,
} from "./ip.ts";

Deno.test("addresses keep their text", () => {
  const texts = [
    "0.0.0.0",
    "192.168.178.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "2a01:4f8:0:1::",
    "2a01:4f8::1:0:0:2",
    "1:2:3:4:5:6:7:8",
  ];
  for (const text of texts) {
    const bytes = parseAddress(text);
    assert.ok(bytes, text);
    assert.equal(formatAddress(bytes), text);
  }
});

Deno.test("an IPv4 address in IPv6 is told as IPv4", () => {
  const bytes = toSixteenBytes("192.0.2.9");
  assert.equal(
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    "00000000000000000000ffffc0000209",
  );
  assert.equal(formatAddress(bytes), "192.0.2.9");
  assert.ok(sameAddress("::ffff:192.0.2.9", "::ffff:c000:209"));
});

Deno.test("what is no address is none", () => {
  for (const text of ["", "1.2.3", "1.2.3.256", "fe80:::1", "eth0", "%eth0"]) {
    assert.equal(parseAddress(text), undefined, text);
    assert.equal(addressKind(text), "special", text);
  }
  assert.throws(() => toSixteenBytes("nowhere"), TypeError);
  assert.throws(() => formatAddress(new Uint8Array(5)), RangeError);
});

Deno.test("a zone says where, not who", () => {
  assert.ok(sameAddress("fe80::1%eth0", "fe80:0::1"));
  assert.equal(addressFamily("fe80::1%eth0"), 6);
  assert.ok(!sameAddress("fe80::1", "fe80::2"));
});

Deno.test("which addresses the world can reach", () => {
  const kinds = {
    public: [
      "8.8.8.8",
      "11.0.113.2",
      "100.63.255.255",
      "100.128.0.0",
      "172.15.0.1",
      "172.32.0.1",
      "192.167.1.1",
      "223.255.255.1",
      "2600:1::1",
      "2a01:4f8::1",
      "::ffff:8.8.8.8",
    ],
    private: [
      "10.255.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "fd12::1",
      "::ffff:10.0.0.1",
    ],
    cgnat: ["100.64.0.1", "100.127.255.255"],
    special: [
      "0.0.0.0",
      "127.0.0.1",
      "169.254.1.1",
      "192.0.0.9",
      "192.0.2.1",
      "198.19.0.1",
      "203.0.113.2",
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "fe80::1%eth0",
      "ff02::1",
      "2001:db8::1",
      "2002:102:304::1",
      "64:ff9b::1",
      "4000::1",
    ],
  } as const;
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses) {
      assert.equal(addressKind(address), kind, address);
    }
  }
});
