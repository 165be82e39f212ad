import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import type { Descriptor } from "../descriptor/mod.ts";
import { signedSample } from "../testing.ts";
import { chooseRelays } from "./choose.ts";
import type { FoundRelay } from "./find.ts";

function found(
  name: string,
  rest: Partial<FoundRelay>,
  says: Partial<Descriptor> = {},
): FoundRelay {
  const identity = identityInMemory();
  return {
    fingerprint: identity.fingerprint,
    fingerprintText: identity.fingerprintText,
    address: name,
    signed: signedSample(identity, says),
    score: 90,
    named: 1,
    milliseconds: 50,
    ...rest,
  };
}

function choice(relays: readonly FoundRelay[], count: number): string {
  return chooseRelays(relays, count).map(({ address }) => address).join(" ");
}

Deno.test("near and good relays come first, silent ones never", () => {
  const near = found("near", {});
  const far = found("far", { milliseconds: 900 });
  const poor = found("poor", { score: 20 });
  const silent = found("silent", { score: 100, milliseconds: undefined });
  assert.equal(choice([far, silent, poor, near], 4), "near poor far");
  // A far one that is always there beats a near one that hardly ever is.
  const shaky = found("shaky", { score: 0 });
  const steady = found("steady", { score: 100, milliseconds: 400 });
  assert.equal(choice([shaky, steady], 1), "steady");
});

Deno.test("a second relay of the same people, network or region comes later", () => {
  const family = (family: string) => ({ family });
  const all = [
    found("a1", { score: 100 }, family("A")),
    found("a2", { score: 99 }, family("a")),
    found("b1", { score: 60 }, family("B")),
  ];
  assert.equal(choice(all, 3), "a1 b1 a2");
  const networks = [
    found("x1", { score: 100, host: "203.0.113.1" }),
    found("x2", { score: 99, host: "203.0.113.200" }),
    found("y1", { score: 60, host: "198.51.100.1" }),
  ];
  assert.equal(choice(networks, 2), "x1 y1");
  const regions = [
    found("e1", { score: 100 }, { region: "Europe" }),
    found("e2", { score: 99 }, { region: "europe" }),
    found("s1", { score: 90 }, { region: "Asia" }),
  ];
  assert.equal(choice(regions, 2), "e1 s1");
});
