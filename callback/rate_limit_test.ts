import assert from "node:assert/strict";
import { AddressLimit } from "./rate_limit.ts";

/** The address of host `n` in network 10.0.0.0/8. */
function host(n: number): Uint8Array {
  return Uint8Array.of(10, n >> 16, n >> 8 & 255, n & 255);
}

Deno.test("an address may ask some times at once, then now and then", () => {
  let now = 1000;
  const limit = new AddressLimit(() => now);
  const taken = () => {
    let count = 0;
    while (count < 100 && limit.take(host(1))) count++;
    return count;
  };
  assert.equal(taken(), 12);
  assert.equal(limit.take(host(2)), true);
  now += 20_000;
  assert.equal(taken(), 1);
  now += 3_600_000;
  assert.equal(taken(), 12);
});

Deno.test("a customer's IPv6 network is one asker", () => {
  const limit = new AddressLimit(() => 0);
  const address = (network: number, last: number) => {
    const bytes = new Uint8Array(16).fill(1);
    bytes[6] = network;
    bytes[15] = last;
    return bytes;
  };
  for (let n = 0; n < 12; n++) assert.ok(limit.take(address(1, n)));
  assert.equal(limit.take(address(1, 99)), false);
  assert.equal(limit.take(address(2, 99)), true);
});

Deno.test("what is remembered is bounded, and room is made of old ones", () => {
  let now = 0;
  const limit = new AddressLimit(() => now);
  for (let n = 0; n < 10_000; n++) assert.ok(limit.take(host(n)));
  assert.equal(limit.take(host(10_000)), false);
  // Those who are known are not pushed out.
  assert.equal(limit.take(host(5)), true);
  now += 20_000;
  assert.equal(limit.take(host(10_000)), true);
  assert.ok(limit.size <= 2, String(limit.size));
});
