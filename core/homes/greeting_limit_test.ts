import { ok, strictEqual } from "node:assert/strict";
import { GreetingLimit } from "./greeting_limit.ts";
import { hostName } from "./networks.ts";
import { RateLimit } from "./rate_limit.ts";

Deno.test("A network gets ten leases at once, then one each six hours", () => {
  let now = 0;
  const limit = new GreetingLimit({ now: () => now });
  const take = (address: string) => limit.takeLease(address);
  for (let count = 0; count < 10; count++) ok(take(`2001:db8::${count}`));
  ok(!take("2001:db8:0:ff::1"), "the same /56");
  ok(take("2001:db8:0:100::1"), "another one");
  ok(take("198.51.100.1"));
  now += 6 * 3_600_000;
  ok(take("2001:db8::1"));
  ok(!take("2001:db8::1"));
});

Deno.test("Links of one network are bounded, and given back", () => {
  const limit = new GreetingLimit();
  const gone = Array.from({ length: 256 }, () => limit.takeLink("192.0.2.1"));
  strictEqual(limit.takeLink("::ffff:192.0.2.1"), undefined);
  ok(limit.takeLink("192.0.2.2"));
  gone[0]?.();
  ok(limit.takeLink("192.0.2.1"));
});

Deno.test("A machine is an IPv4 address or a /64", () => {
  strictEqual(hostName("::ffff:192.0.2.1"), "192.0.2.1");
  strictEqual(hostName("2001:db8::1"), hostName("2001:db8::2:3"));
  ok(hostName("2001:db8::1") !== hostName("2001:db8:0:1::1"));
});

Deno.test("A rate holds over time, and changes at once", () => {
  let now = 0;
  const rate = new RateLimit(1000, () => now);
  strictEqual(rate.take(2000), 0, "what was saved up");
  strictEqual(rate.take(1000), 1000);
  now += 1000;
  rate.bytesPerSecond = 10_000;
  strictEqual(rate.take(10_000), 1000);
});
