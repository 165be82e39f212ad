import assert from "node:assert/strict";
import { RefusedError } from "../tunnel/home/mod.ts";
import type { RefusalReason } from "../tunnel/protocol/mod.ts";
import { describeCore } from "./core_words.ts";
import { TlsError } from "./transport/mod.ts";

const lease = { name: "oak.relays.example.org", port: 20_001 };
const down = { links: 0, refusal: undefined, failure: undefined };
const around = { lease, connected: true, isBlocked: false };

function refused(reason: RefusalReason) {
  return new RefusedError({
    type: "refused",
    reason,
    message: "It says why.",
    retryAfterSeconds: 1,
  });
}

Deno.test("with a link, the core's name for the relay is told", () => {
  const { state, note } = describeCore({ ...down, links: 1 }, around);
  assert.equal(state, "ok");
  assert.match(note ?? "", /oak\.relays\.example\.org, port 20001/);
});

Deno.test("a core whose ports are shut is told", () => {
  const { state, reason, remedy } = describeCore({ ...down, links: 2 }, {
    ...around,
    isBlocked: true,
  });
  assert.equal(state, "degraded");
  assert.match(reason ?? "", /nothing gets through to that port/);
  assert.match(remedy ?? "", /have to be open/);
});

Deno.test("until the first attempt has failed, nothing is wrong", () => {
  assert.equal(describeCore(down, around).state, "ok");
});

Deno.test("each refusal has a remedy", () => {
  const reasons: RefusalReason[] = [
    "closed",
    "full",
    "banned",
    "too often",
    "replaced",
    "protocol",
  ];
  const remedies = reasons.map((reason) => {
    const part = describeCore({ ...down, refusal: refused(reason) }, around);
    assert.equal(part.state, "degraded");
    assert.match(part.reason ?? "", /does not take this relay\. It says why\./);
    assert.ok(part.remedy);
    return part.remedy;
  });
  assert.equal(new Set(remedies).size, reasons.length);
  assert.match(remedies[0], /path\.core_invitation/);
  assert.match(remedies[4], /switch the other one off/);
});

Deno.test("what is missing without the core depends on what there is", () => {
  const failure = new TlsError("connect", "Cannot connect");
  const at = (more: Partial<typeof around>, error: unknown = failure) =>
    describeCore({ ...down, failure: error }, { ...around, ...more });
  assert.match(at({}).reason ?? "", /apps may not find .* by its name/);
  assert.match(at({}).remedy ?? "", /has Internet/);
  const nameless = describeCore({ ...down, failure }, {
    ...around,
    lease: undefined,
  });
  assert.match(nameless.reason ?? "", /no name yet/);
  const alone = at({ connected: false });
  assert.match(alone.reason ?? "", /Without a network/);
  assert.equal(alone.remedy, undefined);
  const stranger = at({}, new TlsError("handshake", "Somebody else"));
  assert.match(stranger.reason ?? "", /is not this core/);
  assert.match(stranger.remedy ?? "", /path\.core/);
});
