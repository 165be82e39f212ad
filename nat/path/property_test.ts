/** What holds whatever happens: events in any order, at any time. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { advertised, chosen } from "./choose.ts";
import type { PathEffect, PathEvent } from "./events.ts";
import { initialPathState, PATH_KINDS, type PathKind } from "./state.ts";
import { step } from "./step.ts";

const V4 = ["93.184.216.34", "8.8.4.4", "100.64.1.2", "192.168.7.7"];
const V6 = ["2a00:1450::7", "2001:4860::8"];
const PORTS = [5223, 443, 40123];

function randomEvent(random: SeededRandom, call: number): PathEvent {
  const one = <T>(items: readonly T[]): T => items[random.below(items.length)];
  const maybe = <T>(value: T) => random.below(3) === 0 ? undefined : value;
  switch (random.below(12)) {
    case 0:
      return {
        type: "addresses",
        direct4: random.below(4) === 0 ? V4[0] : undefined,
        direct6: maybe(one(V6)),
        connected: random.below(8) > 0,
      };
    case 1:
      return { type: "network" };
    case 2:
    case 3: {
      const host = one(V4);
      return {
        type: "port",
        family: 4,
        state: "mapped",
        host,
        port: one(PORTS),
        method: "pcp",
        behind: host === V4[2] ? "cgnat" : host === V4[3] ? "nat" : undefined,
      };
    }
    case 4:
      return {
        type: "port",
        family: one([4, 6]),
        state: one(["searching", "none"]),
        failure: "refused",
      };
    case 5:
      return {
        type: "port",
        family: 6,
        state: "mapped",
        host: one(V6),
        port: 5223,
      };
    case 6:
      return random.below(2) === 0 ? { type: "tunnel down" } : {
        type: "tunnel up",
        host: "core.example.org",
        port: 7001,
        confirmed: random.below(2) === 0,
      };
    case 7:
      return random.below(2) === 0
        ? { type: "onion down" }
        : { type: "onion up", host: "x.onion", port: 5223 };
    case 8:
      return { type: "not called", call };
    default:
      return {
        type: "called",
        call,
        outcome: one(["reachable", "timeout", "refused", "busy", "not TLS"]),
        observed: one([...V4, ...V6]),
      };
  }
}

for (const callbacks of [true, false]) {
  Deno.test(`whatever happens, nothing that failed is told (call-backs: ${callbacks})`, () => {
    const random = new SeededRandom(callbacks ? 1 : 2);
    for (let run = 0; run < 300; run++) {
      let now = random.below(1e9);
      let state = initialPathState({
        port: 5223,
        manualPort: PORTS[random.below(3)],
        mapping: random.below(4) > 0,
        callbacks,
        recheckMs: 3_600_000,
      }, random.below(1e9));
      for (let round = 0; round < 60; round++) {
        now += random.below(3) === 0 ? 0 : random.below(60_000);
        const call = state.calls - random.below(2);
        const event = random.below(5) === 0
          ? { type: "tick" } as const
          : randomEvent(random, call);
        const before = state;
        const stepped = step(state, event, now);
        state = stepped.state;
        const hosts = advertised(state, now);

        for (const { kind, confirmed } of hosts) {
          const candidate = state.candidates[kind];
          assert.ok(candidate && candidate.state !== "failed", kind);
          assert.equal(confirmed, candidate.state === "confirmed");
        }
        const { v4, v6 } = chosen(state, now);
        for (const [family, best] of [[4, v4], [6, v6]] as const) {
          const confirmed = PATH_KINDS.flatMap((kind) => {
            const candidate = state.candidates[kind];
            return candidate?.family === family &&
                candidate.state === "confirmed"
              ? [candidate]
              : [];
          });
          if (confirmed.length > 0) assert.equal(best, confirmed[0]);
        }
        assert.deepEqual(state.told, hosts);
        checkEffects(stepped.effects, { now, callbacks });
        const changed = JSON.stringify(before.told) !== JSON.stringify(hosts);
        const tells = stepped.effects.some(({ type }) => type === "advertise");
        assert.equal(tells, changed);
      }
    }
  });
}

function checkEffects(
  effects: readonly PathEffect[],
  { now, callbacks }: { now: number; callbacks: boolean },
): void {
  const calls = effects.filter(({ type }) => type === "call");
  if (!callbacks) assert.equal(calls.length, 0);
  const wakes = effects.filter((effect) => effect.type === "wake");
  assert.equal(wakes.length, 1);
  // Never at once again: that would be a busy loop.
  assert.ok(wakes[0].at > now, `${wakes[0].at} > ${now}`);
}

Deno.test("when nothing changes any more, the best way that works is told", () => {
  const random = new SeededRandom(3);
  for (let run = 0; run < 200; run++) {
    let now = 0;
    let state = initialPathState({
      port: 5223,
      manualPort: 5223,
      mapping: true,
      callbacks: true,
      recheckMs: 3_600_000,
    }, run);
    let effects: readonly PathEffect[] = [];
    const open = new Map<number, PathKind>();
    const on = (event: PathEvent) => {
      ({ state, effects } = step(state, event, now));
      for (const effect of effects) {
        if (effect.type === "call") open.set(effect.call, effect.kind);
      }
    };
    for (let round = random.below(40); round > 0; round--) {
      now += random.below(30_000);
      on(randomEvent(random, state.calls));
    }
    // Now the world keeps still, and those who are asked tell the truth.
    const works = new Set(PATH_KINDS.filter(() => random.below(2) === 0));
    for (let round = 0; round < 60; round++) {
      for (const [call, kind] of open) {
        open.delete(call);
        now += 1 + random.below(2000);
        const observed = kind === "direct6" ? V6[0] : V4[0];
        const outcome = works.has(kind) ? "reachable" : "timeout";
        on({ type: "called", call, outcome, observed });
      }
      const wake = effects.find(({ type }) => type === "wake");
      if (wake?.type !== "wake" || !Number.isFinite(wake.at)) break;
      now = Math.max(now, wake.at);
      on({ type: "tick" });
    }
    for (const kind of ["direct6", "direct4", "mapped", "manual"] as const) {
      const candidate = state.candidates[kind];
      if (candidate === undefined || candidate.reason === "searching") continue;
      const isThere = works.has(kind) && candidate.port !== 0;
      assert.equal(
        candidate.state,
        isThere ? "confirmed" : "failed",
        `${kind} in run ${run}: ${JSON.stringify(candidate)}`,
      );
    }
    const { v4 } = chosen(state, now);
    const best = (["direct4", "mapped", "manual"] as const).find((kind) =>
      state.candidates[kind]?.state === "confirmed"
    );
    if (best !== undefined) assert.equal(v4?.kind, best);
  }
});
