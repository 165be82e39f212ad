import { strictEqual } from "node:assert/strict";
import { ownAddress6, parsePrefix6 } from "./own_address.ts";

Deno.test("Each port has an address of its own in the prefix", () => {
  const cases = [
    ["2001:db8:1:2::/64", 20_000, "2001:db8:1:2::4e20"],
    ["2001:db8::/32", 443, "2001:db8::1bb"],
    // What stands behind the prefix does not count.
    ["2001:db8:ffff:ffff:ffff::/44", 65_535, "2001:db8:fff0::ffff"],
    ["2001:db8:1:2:3:4:5::/112", 20_000, "2001:db8:1:2:3:4:5:4e20"],
  ] as const;
  for (const [text, port, expected] of cases) {
    const range = parsePrefix6(text);
    strictEqual(range && ownAddress6(range, port), expected);
  }
});

Deno.test("What leaves no room for a port is no prefix", () => {
  for (
    const text of ["", "2001:db8::", "2001:db8::/113", "10.0.0.0/8", "x/64"]
  ) strictEqual(parsePrefix6(text), undefined);
});
