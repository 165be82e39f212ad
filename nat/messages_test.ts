import assert from "node:assert/strict";
import { RouterEpoch } from "./epoch.ts";
import {
  decodeNatPmpAnswer,
  encodeNatPmpAddress,
  encodeNatPmpMap,
  isNatPmpAnnouncement,
} from "./nat_pmp_message.ts";
import { guessNextRouters } from "./next_router.ts";
import {
  decodePcpAnswer,
  encodePcpAnnounce,
  encodePcpMap,
  isPcpAnnouncement,
} from "./pcp_message.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("a PCP request for a port, byte by byte", () => {
  const message = encodePcpMap({
    clientAddress: "192.168.50.2",
    nonce: Uint8Array.from({ length: 12 }, (_, at) => at + 1),
    internalPort: 5223,
    externalPort: 443,
    externalAddress: "0.0.0.0",
    lifetimeSeconds: 3600,
  });
  assert.equal(
    hex(message),
    "02010000" + "00000e10" + "00000000000000000000ffffc0a83202" +
      "0102030405060708090a0b0c" + "06000000" + "146701bb" +
      "00000000000000000000ffff00000000",
  );
  assert.equal(
    hex(encodePcpAnnounce("2a0f::2")),
    "02000000" + "00000000" + "2a0f0000000000000000000000000002",
  );
});

Deno.test("a PCP answer is read", () => {
  const bytes = Uint8Array.fromHex(
    "02810000" + "00000e10" + "00000064" + "00".repeat(12) +
      "0102030405060708090a0b0c" + "06000000" + "146701bb" +
      "00000000000000000000ffff0b007102",
  );
  assert.deepEqual(decodePcpAnswer(bytes), {
    kind: "map",
    result: 0,
    lifetimeSeconds: 3600,
    epoch: 100,
    nonce: bytes.slice(24, 36),
    protocol: 6,
    internalPort: 5223,
    externalPort: 443,
    externalAddress: "11.0.113.2",
  });
  const announce = bytes.slice(0, 24);
  announce[1] = 0x80;
  assert.ok(isPcpAnnouncement(announce));
  assert.ok(!isPcpAnnouncement(bytes));
});

Deno.test("what is no answer of PCP", () => {
  assert.equal(decodePcpAnswer(new Uint8Array(0)), undefined);
  assert.equal(decodePcpAnswer(encodePcpAnnounce("10.0.0.1")), undefined);
  assert.equal(decodePcpAnswer(Uint8Array.of(2, 0x81, 0, 0)), undefined);
  assert.deepEqual(decodePcpAnswer(Uint8Array.of(0, 0x81, 0, 1)), {
    kind: "other version",
    version: 0,
  });
});

Deno.test("NAT-PMP, byte by byte", () => {
  assert.equal(hex(encodeNatPmpAddress()), "0000");
  assert.equal(
    hex(encodeNatPmpMap({
      internalPort: 5223,
      externalPort: 443,
      lifetimeSeconds: 3600,
    })),
    "00020000" + "146701bb" + "00000e10",
  );
  const address = Uint8Array.fromHex("00800000" + "00000064" + "0b007102");
  assert.deepEqual(decodeNatPmpAnswer(address), {
    kind: "address",
    result: 0,
    epoch: 100,
    externalAddress: "11.0.113.2",
  });
  assert.ok(isNatPmpAnnouncement(address));
  assert.deepEqual(
    decodeNatPmpAnswer(
      Uint8Array.fromHex("00820000" + "00000064" + "146701bb" + "00000e10"),
    ),
    {
      kind: "map",
      result: 0,
      epoch: 100,
      internalPort: 5223,
      externalPort: 443,
      lifetimeSeconds: 3600,
    },
  );
  assert.deepEqual(decodeNatPmpAnswer(Uint8Array.fromHex("00820002")), {
    kind: "error",
    result: 2,
  });
});

Deno.test("no bytes make the parsers throw", () => {
  for (let round = 0; round < 20_000; round++) {
    const bytes = crypto.getRandomValues(new Uint8Array(round % 70));
    if (round % 2 === 0 && bytes.length > 1) {
      bytes[0] = round % 4 === 0 ? 2 : 0;
      bytes[1] |= 0x80;
      if (round % 3 === 0) bytes[1] = 0x80 | (round % 3);
    }
    decodePcpAnswer(bytes);
    decodeNatPmpAnswer(bytes);
    isPcpAnnouncement(bytes);
    isNatPmpAnnouncement(bytes);
  }
});

Deno.test("a router's clock tells whether it forgot", () => {
  const at = (seconds: number) => seconds * 1000;
  const clock = new RouterEpoch();
  assert.ok(clock.accept(1000, at(0)));
  assert.ok(clock.accept(1003, at(3)));
  assert.ok(clock.accept(1002, at(3)), "an answer that was overtaken");
  assert.ok(clock.accept(1005, at(6)));
  assert.ok(!clock.accept(2, at(9)), "it restarted");
  assert.ok(clock.accept(5, at(12)), "and runs since");
  assert.ok(!clock.accept(6, at(60)), "it restarted and is as old as before");
  assert.ok(!clock.accept(100, at(63)), "it is another one");
  assert.ok(clock.accept(100 + 3700, at(63 + 3600)), "a clock 3% too fast");
});

Deno.test("where the router behind the router may be", () => {
  assert.deepEqual(guessNextRouters("192.168.1.2"), [
    "192.168.1.1",
    "192.168.1.254",
    "192.0.0.9",
  ]);
  assert.deepEqual(guessNextRouters("10.0.0.1"), ["10.0.0.254", "192.0.0.9"]);
  assert.deepEqual(guessNextRouters("fd00::1"), []);
});
