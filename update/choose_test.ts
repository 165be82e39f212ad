import assert from "node:assert/strict";
import type { Release } from "./catalogue.ts";
import { chooseRelease, placeInLine } from "./choose.ts";

function release(version: string, rest: Partial<Release> = {}): Release {
  const channels = { stable: 100 };
  return { version, path: "", length: 1, sha256: "", channels, ...rest };
}

const relay = {
  channel: "stable",
  version: "1.0.0",
  relay: "AA:BB",
  failures: {},
} as const;

Deno.test("a relay takes the newest version of its channel", () => {
  const releases = [
    release("0.9.0"),
    release("1.2.0"),
    release("1.10.0"),
    release("2.0.0-beta.1", { channels: { beta: 100 } }),
  ];
  const stable = chooseRelease(releases, relay);
  assert.deepEqual(stable, { take: releases[2] });
  const beta = chooseRelease(releases, { ...relay, channel: "beta" });
  assert.deepEqual(beta, { take: releases[3] });
  const newest = chooseRelease(releases, { ...relay, version: "1.10.0" });
  assert.equal(newest, undefined);
});

Deno.test("a version that needs another one before it waits for that", () => {
  const releases = [
    release("2.0.0", { minVersion: "1.5.0" }),
    release("1.5.0"),
  ];
  assert.deepEqual(chooseRelease(releases, relay), { take: releases[1] });
  const then = chooseRelease(releases, { ...relay, version: "1.5.0" });
  assert.deepEqual(then, { take: releases[0] });
});

Deno.test("relays take their turns, about as many as are wanted", () => {
  const half = release("1.1.0", { channels: { stable: 30 } });
  let took = 0;
  for (let number = 0; number < 1000; number++) {
    const choice = chooseRelease([half], { ...relay, relay: `${number}` });
    if (choice !== undefined && "take" in choice) took++;
    else assert.deepEqual(choice, { newest: half, because: "later" });
  }
  assert(took > 230 && took < 370, `${took}`);
  const places = ["1.1.0", "1.2.0", "1.3.0", "1.4.0"].map((version) =>
    placeInLine("AA:BB", version)
  );
  assert(new Set(places).size > 1, places.join());
  const now = chooseRelease([release("1.1.0", { channels: { stable: 0 } })], {
    ...relay,
    now: true,
  });
  assert(now !== undefined && "take" in now);
});

Deno.test("what failed three times is not tried again, nor an older one in its place", () => {
  const releases = [release("1.1.0"), release("1.2.0")];
  const failures = { "1.2.0": { tries: 3, reason: "" } };
  const choice = chooseRelease(releases, { ...relay, failures });
  assert.deepEqual(choice, { newest: releases[1], because: "failed" });
  const twice = { "1.2.0": { tries: 2, reason: "" } };
  const again = chooseRelease(releases, { ...relay, failures: twice });
  assert.deepEqual(again, { take: releases[1] });
});
