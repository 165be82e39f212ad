import assert from "node:assert/strict";
import { advertised, chosen, needsTunnel } from "./choose.ts";
import type { PathEffect, PathEvent } from "./events.ts";
import {
  type CandidateState,
  initialPathState,
  type PathKind,
  type PathReason,
  type PathSettings,
  type PathState,
} from "./state.ts";
import { step } from "./step.ts";

const V4 = "93.184.216.34";
const OTHER_V4 = "93.184.216.99";
const V6 = "2a00:1450::7";
const PORT = 5223;
const HOUR = 3_600_000;

/** A machine with a clock. */
class Machine {
  state: PathState;
  now = 0;
  effects: readonly PathEffect[] = [];

  constructor(settings: Partial<PathSettings> = {}) {
    this.state = initialPathState({
      port: PORT,
      manualPort: PORT,
      mapping: true,
      callbacks: true,
      recheckMs: HOUR,
      ...settings,
    }, 7);
  }

  on(event: PathEvent): this {
    const { state, effects } = step(this.state, event, this.now);
    this.state = state;
    this.effects = effects;
    return this;
  }

  /** Goes on to the time of the next wake. */
  wake(): this {
    const wake = this.effects.find(({ type }) => type === "wake");
    assert.ok(wake?.type === "wake" && Number.isFinite(wake.at), "no wake");
    this.now = Math.max(this.now, wake.at);
    return this.on({ type: "tick" });
  }

  /** The call-back that was just asked for, of that kind. */
  call(kind: PathKind) {
    const call = this.effects.find((each) =>
      each.type === "call" && each.kind === kind
    );
    assert.ok(call?.type === "call", `no call for ${kind}`);
    return call;
  }

  /** Answers the call-back of that kind. */
  answer(
    kind: PathKind,
    outcome: "reachable" | "timeout" | "refused" | "too often" | "no answerer",
    observed = kind === "direct6" ? V6 : V4,
  ): this {
    const call = this.state.candidates[kind]?.calling;
    assert.ok(call !== undefined, `no call for ${kind} is under way`);
    return this.on(
      outcome === "no answerer"
        ? { type: "not called", call }
        : { type: "called", call, outcome, observed },
    );
  }

  is(kind: PathKind, state: CandidateState, reason?: PathReason): this {
    const candidate = this.state.candidates[kind];
    assert.equal(candidate?.state, state, kind);
    if (reason !== undefined) assert.equal(candidate?.reason, reason, kind);
    return this;
  }

  hosts(...hosts: string[]): this {
    assert.deepEqual(
      advertised(this.state, this.now)
        .map(({ host, confirmed }) => confirmed ? host : `${host}?`),
      hosts,
    );
    return this;
  }
}

function mapping(event: Partial<PathEvent> = {}): PathEvent {
  const type = "port";
  const state = "mapped";
  const base = { type, family: 4, state, host: V4, port: PORT } as const;
  return { ...base, method: "upnp", ...event } as PathEvent;
}

const searching: PathEvent = { type: "port", family: 4, state: "searching" };
const none: PathEvent = {
  type: "port",
  family: 4,
  state: "none",
  failure: "no answer",
};
const direct6: PathEvent = {
  type: "addresses",
  direct6: V6,
  connected: true,
};

Deno.test("a mapping counts only when somebody has called back", () => {
  new Machine().on(searching).is("mapped", "trying", "searching").hosts()
    .on(mapping()).is("mapped", "trying").hosts()
    .answer("mapped", "reachable").is("mapped", "confirmed").hosts(V4);
});

Deno.test("what was seen from outside is what is told", () => {
  new Machine().on(mapping({ host: "100.64.3.4", behind: "cgnat" })).hosts()
    .answer("mapped", "reachable", OTHER_V4).hosts(OTHER_V4);
});

Deno.test("a mapping that does not work is found out and not told", () => {
  const machine = new Machine().on(mapping())
    .answer("mapped", "timeout").is("mapped", "trying", "timeout").hosts();
  const wake = machine.effects.find(({ type }) => type === "wake");
  assert.ok(wake?.type === "wake" && wake.at < 10_000, "asked again soon");
  machine.wake().answer("mapped", "timeout").is("mapped", "failed", "timeout")
    .hosts();
  // It is tried again now and then, ever less.
  const waits: number[] = [];
  for (let round = 0; round < 8; round++) {
    const before = machine.now;
    machine.wake().answer("mapped", "timeout").is("mapped", "failed");
    waits.push(machine.now - before);
  }
  assert.ok(waits[0] < 40_000 && waits[7] > 1_000_000, String(waits));
  machine.wake().answer("mapped", "reachable").is("mapped", "confirmed")
    .hosts(V4);
});

Deno.test("one call-back that fails changes nothing, two do", () => {
  const machine = new Machine().on(mapping()).answer("mapped", "reachable");
  machine.wake();
  assert.ok(machine.now > 0.85 * HOUR && machine.now < 1.15 * HOUR, "hourly");
  machine.answer("mapped", "timeout").is("mapped", "confirmed").hosts(V4)
    .wake().answer("mapped", "reachable").is("mapped", "confirmed")
    // The first failure is forgotten by a success.
    .wake().answer("mapped", "timeout").is("mapped", "confirmed")
    .wake().answer("mapped", "refused").is("mapped", "failed", "refused")
    .hosts();
});

Deno.test("failures far from each other are single ones", () => {
  const machine = new Machine().on(mapping()).answer("mapped", "reachable")
    .wake().answer("mapped", "timeout").wake().answer("mapped", "no answerer");
  machine.now += HOUR;
  machine.on({ type: "network" }).answer("mapped", "timeout")
    .is("mapped", "confirmed").hosts(V4);
});

Deno.test("without anybody to ask, what is plausible is told as not checked", () => {
  const machine = new Machine({ callbacks: false }).on(mapping())
    .is("mapped", "unconfirmed", "nobody to ask").hosts(`${V4}?`);
  assert.ok(!machine.effects.some(({ type }) => type === "call"));
  machine.on(mapping({ host: "100.64.3.4", behind: "cgnat" }))
    .is("mapped", "failed", "behind the carrier").hosts()
    .on(mapping({ host: "192.168.1.4", behind: "nat" }))
    .is("mapped", "failed", "behind another router").hosts()
    .on(direct6).is("direct6", "unconfirmed").hosts(`${V6}?`);
});

Deno.test("answerers that cannot be asked say nothing", () => {
  const machine = new Machine().on(mapping())
    .answer("mapped", "no answerer").is("mapped", "unconfirmed", "no answerer")
    .hosts(`${V4}?`)
    .wake().answer("mapped", "too often").is("mapped", "unconfirmed")
    .wake().answer("mapped", "reachable").hosts(V4)
    .wake().answer("mapped", "no answerer").is("mapped", "confirmed").hosts(V4);
  // What failed stays failed.
  machine.wake().answer("mapped", "timeout").wake().answer("mapped", "timeout")
    .wake().answer("mapped", "no answerer").is("mapped", "failed").hosts();
  // And what failed once is not told either.
  new Machine().on(mapping()).answer("mapped", "timeout").wake()
    .answer("mapped", "no answerer").is("mapped", "trying").hosts();
});

Deno.test("another address or port begins anew", () => {
  const machine = new Machine().on(mapping()).answer("mapped", "reachable")
    .on(mapping({ host: OTHER_V4 })).is("mapped", "trying").hosts();
  assert.equal(machine.call("mapped").port, PORT);
  machine.answer("mapped", "reachable", OTHER_V4).hosts(OTHER_V4)
    .on(mapping({ host: OTHER_V4, port: 40123 })).hosts();
  assert.equal(machine.call("mapped").port, 40123);
});

Deno.test("a router that restarts is given some time", () => {
  new Machine().on(mapping()).answer("mapped", "reachable")
    .on(searching).is("mapped", "trying", "searching").hosts(`${V4}?`)
    .on(mapping()).hosts(`${V4}?`).answer("mapped", "reachable").hosts(V4)
    .on(searching).wake().hosts()
    .on(mapping()).hosts().answer("mapped", "reachable").hosts(V4);
});

Deno.test("what failed before the router restarted is not kept", () => {
  new Machine().on(mapping()).answer("mapped", "reachable").on(searching)
    .on(mapping()).answer("mapped", "timeout").wake()
    .answer("mapped", "timeout").hosts()
    .on(searching).hosts().on(mapping()).hosts();
});

Deno.test("a renewal that changes nothing is looked at, and nothing else", () => {
  const machine = new Machine().on(mapping()).answer("mapped", "reachable")
    .on(mapping()).is("mapped", "confirmed").hosts(V4);
  machine.call("mapped");
});

Deno.test("an answer that is about something else by now is ignored", () => {
  const machine = new Machine().on(mapping());
  const { call } = machine.call("mapped");
  machine.on(mapping({ host: OTHER_V4 }))
    .on({ type: "called", call, outcome: "reachable", observed: V4 })
    .is("mapped", "trying").hosts();
  const second = machine.state.candidates.mapped?.calling;
  assert.notEqual(second, call);
});

Deno.test("where no router helps, a port forwarded by hand is looked for", () => {
  const machine = new Machine().on(searching);
  assert.equal(machine.state.candidates.manual, undefined);
  machine.on(none).is("mapped", "failed", "no answer").is("manual", "trying")
    .hosts();
  assert.deepEqual(machine.call("manual").port, PORT);
  machine.answer("manual", "reachable").is("manual", "confirmed").hosts(V4)
    // It is kept while routers are asked again, which they are now and then.
    .on(searching).is("manual", "confirmed").hosts(V4)
    .on(none).hosts(V4)
    // Until a mapping is as good.
    .on(searching).on(mapping({ port: 40123 })).hosts(V4)
    .answer("mapped", "reachable").hosts(V4);
  assert.equal(machine.state.candidates.manual, undefined);
  assert.equal(advertised(machine.state, machine.now)[0].port, 40123);

  new Machine({ mapping: false, manualPort: 443 })
    .on({ type: "addresses", connected: true }).is("manual", "trying")
    .answer("manual", "refused").wake().answer("manual", "refused")
    .is("manual", "failed").hosts();
  // With nobody to ask there is no way to find it.
  const alone = new Machine({ mapping: false, callbacks: false })
    .on({ type: "addresses", connected: true });
  assert.equal(alone.state.candidates.manual, undefined);
});

Deno.test("the port of a mapping that failed is not tried by hand again", () => {
  const machine = new Machine().on(mapping()).answer("mapped", "timeout")
    .wake().answer("mapped", "timeout");
  assert.equal(machine.state.candidates.manual, undefined);
  const other = new Machine().on(mapping({ port: 40123 }))
    .answer("mapped", "timeout").wake().answer("mapped", "timeout");
  other.is("manual", "trying");
});

Deno.test("IPv4 comes before IPv6, for most apps have nothing else", () => {
  new Machine().on(direct6).answer("direct6", "reachable").hosts(V6)
    .on(mapping()).answer("mapped", "reachable").hosts(V4, V6)
    .on({ type: "addresses", direct4: OTHER_V4, direct6: V6, connected: true })
    .answer("direct4", "reachable", OTHER_V4).hosts(OTHER_V4, V6);
});

Deno.test("a pinhole is looked at from the address that it leads to", () => {
  const machine = new Machine().on(direct6)
    .answer("direct6", "timeout").wake().answer("direct6", "timeout")
    .is("direct6", "failed")
    .on({ ...mapping(), family: 6, host: V6 } as PathEvent);
  assert.equal(machine.call("direct6").from, V6);
  machine.answer("direct6", "reachable").hosts(V6)
    .on({ type: "port", family: 6, state: "none" }).hosts(V6)
    .on({ type: "addresses", connected: false }).hosts();
});

Deno.test("a tunnel takes over when nothing else works, and gives way", () => {
  const up: PathEvent = {
    type: "tunnel up",
    host: "core.example.org",
    port: 7001,
    confirmed: true,
  };
  const machine = new Machine().on(up).hosts("core.example.org");
  assert.ok(needsTunnel(machine.state, machine.now));
  machine.on(mapping()).hosts("core.example.org")
    .answer("mapped", "reachable").hosts(V4);
  assert.ok(!needsTunnel(machine.state, machine.now));
  machine.wake().answer("mapped", "timeout").wake()
    .answer("mapped", "timeout").hosts("core.example.org")
    .on({ type: "tunnel down" }).is("tunnel", "failed", "down").hosts();
  // IPv6 alone is not enough.
  machine.on(direct6).answer("direct6", "reachable").hosts(V6);
  assert.ok(needsTunnel(machine.state, machine.now));
});

Deno.test("a confirmed tunnel is better than a mapping that nobody checked", () => {
  new Machine().on(mapping()).answer("mapped", "no answerer").hosts(`${V4}?`)
    .on({ type: "tunnel up", host: "core", port: 1, confirmed: true })
    .hosts("core");
});

Deno.test("an onion service stands beside the others", () => {
  new Machine().on({ type: "onion up", host: "abc.onion", port: 5223 })
    .hosts("abc.onion?")
    .on(mapping()).answer("mapped", "reachable").hosts(V4, "abc.onion?")
    .on({ type: "onion down" }).hosts(V4);
});

Deno.test("a leased name stands for whatever path there is", () => {
  const lease = { name: "lamp.relays.example.org", port: 7001 };
  const machine = new Machine().on({ type: "lease", lease })
    .hosts("lamp.relays.example.org?")
    .on(mapping()).answer("mapped", "reachable")
    .hosts("lamp.relays.example.org");
  assert.equal(advertised(machine.state, 0)[0].kind, "mapped");
  machine.on({ type: "lease" }).hosts(V4);
});

Deno.test("a change of the network is looked at once", () => {
  const machine = new Machine().on(direct6).on(mapping())
    .answer("direct6", "reachable").answer("mapped", "reachable")
    .on({ type: "network" });
  machine.call("mapped");
  machine.call("direct6");
  machine.hosts(V4, V6);
});

Deno.test("the world is told once of each change", () => {
  const machine = new Machine().on(mapping());
  const told = () => machine.effects.filter((e) => e.type === "advertise");
  assert.equal(told().length, 0);
  machine.answer("mapped", "reachable");
  assert.equal(told().length, 1);
  machine.on({ type: "network" }).answer("mapped", "reachable");
  assert.equal(told().length, 0);
  assert.equal(chosen(machine.state, machine.now).v4?.kind, "mapped");
});

Deno.test("a new address that a call-back saw first stays confirmed", () => {
  const machine = new Machine();
  const mapping = (host: string) => ({
    type: "port",
    family: 4,
    state: "mapped",
    host,
    port: PORT,
    method: "pcp",
  } as const);
  machine.on(mapping(V4)).answer("mapped", "reachable");
  machine.on({ type: "network" }).answer("mapped", "reachable", OTHER_V4);
  assert.equal(advertised(machine.state, machine.now)[0].host, OTHER_V4);
  machine.on(mapping(OTHER_V4));
  assert.equal(advertised(machine.state, machine.now)[0].host, OTHER_V4);
  assert.equal(machine.state.candidates.mapped?.outside, OTHER_V4);
  // The router knows better than a call-back of before.
  machine.answer("mapped", "reachable", OTHER_V4).on(mapping(V4));
  assert.deepEqual(advertised(machine.state, machine.now), []);
});
