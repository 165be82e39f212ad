import assert from "node:assert/strict";
import { Health, type HealthSources } from "./health.ts";
import { createLog } from "./log.ts";
import { StoreError } from "./store/mod.ts";

interface Conditions {
  certificate?: "valid" | "expires soon" | "expired" | "not valid yet";
  hasCaKey?: boolean;
  hasRoom?: boolean;
  writingMs?: number;
  open?: number;
  acceptErrors?: number;
}

function sources(conditions: Conditions = {}): HealthSources {
  const { certificate = "valid", hasCaKey = true, hasRoom = true } = conditions;
  return {
    identity: {
      certificateStatus: () => certificate,
      validTo: new Date("2030-01-02T03:04Z"),
      hasCaKey,
    },
    store: { hasRoom, writingMs: conditions.writingMs ?? 0 },
    listener: {
      stats: () => ({
        open: conditions.open ?? 0,
        handshaking: 0,
        accepted: 0,
        established: 0,
        refused: 0,
        dropped: 0,
        failed: {},
        handlerErrors: 0,
        acceptErrors: conditions.acceptErrors ?? 0,
      }),
    },
    maxConnections: 10,
  };
}

function setUp() {
  const lines: string[] = [];
  const clock = { time: 0 };
  const log = createLog({ level: "error", write: (line) => lines.push(line) });
  const health = new Health(log, () => clock.time);
  const part = (name: string, conditions?: Conditions) =>
    health.parts(sources(conditions)).find((each) => each.name === name);
  return { health, lines, clock, part };
}

Deno.test("a relay without problems is well in all parts", () => {
  const { health } = setUp();
  const parts = health.parts(sources());
  assert.deepEqual(parts.map(({ name }) => name), [
    "listener",
    "storage",
    "certificate",
  ]);
  assert(parts.every(({ state }) => state === "ok"));
});

Deno.test("storage is well again when a later write works", () => {
  const { health, part } = setUp();
  health.report(new StoreError("io", "The disk does not answer"));
  health.commitFailed();
  assert.equal(part("storage")?.state, "down");
  assert.match(part("storage")?.reason ?? "", /does not answer/);
  assert.match(part("storage")?.remedy ?? "", /disk/);
  health.committed();
  assert.equal(part("storage")?.state, "ok");
  assert.equal(health.failedCommits, 1);
});

Deno.test("a damaged database stays a problem whatever else is written", () => {
  const { health, part } = setUp();
  health.report(new StoreError("corrupt", "The database is damaged"));
  health.report(new StoreError("io", "something later"));
  health.committed();
  assert.equal(part("storage")?.state, "down");
  assert.match(part("storage")?.reason ?? "", /damaged/);
  assert.match(part("storage")?.remedy ?? "", /backup/);
});

Deno.test("a nearly full disk is told before it is full, and after", () => {
  const { health, part } = setUp();
  const full = part("storage", { hasRoom: false });
  assert.equal(full?.state, "degraded");
  assert.match(full?.reason ?? "", /nearly full/);
  assert.equal(part("storage")?.state, "ok");
  health.report(new StoreError("full", "The disk is full"));
  assert.equal(part("storage")?.state, "degraded");
  health.committed();
  assert.equal(part("storage")?.state, "ok");
});

Deno.test("a certificate that ends is told with the day and what to do", () => {
  const { part } = setUp();
  const soon = part("certificate", { certificate: "expires soon" });
  assert.equal(soon?.state, "degraded");
  assert.match(soon?.reason ?? "", /2030-01-02/);
  assert.match(soon?.remedy ?? "", /restart/);
  const expired = part("certificate", {
    certificate: "expired",
    hasCaKey: false,
  });
  assert.equal(expired?.state, "down");
  assert.match(expired?.remedy ?? "", /ca\.key/);
  const early = part("certificate", { certificate: "not valid yet" });
  assert.match(early?.remedy ?? "", /clock/);
});

Deno.test("refused connections count as a problem for five minutes", () => {
  const { clock, part } = setUp();
  assert.equal(part("listener", { acceptErrors: 3 })?.state, "degraded");
  clock.time += 4 * 60_000;
  assert.match(
    part("listener", { acceptErrors: 3 })?.remedy ?? "",
    /LimitNOFILE/,
  );
  clock.time += 2 * 60_000;
  assert.equal(part("listener", { acceptErrors: 3 })?.state, "ok");
  assert.equal(part("listener", { open: 10 })?.state, "degraded");
});

Deno.test("parts that are told of appear until they work", () => {
  const { health, part } = setUp();
  health.set("metrics file", { reason: "It cannot.", remedy: "Look." });
  assert.deepEqual(part("metrics file"), {
    name: "metrics file",
    state: "degraded",
    reason: "It cannot.",
    remedy: "Look.",
  });
  health.set("metrics file");
  assert.equal(part("metrics file"), undefined);
});

Deno.test("the same error fills the log once a minute at most", () => {
  const { health, lines, clock } = setUp();
  const error = new StoreError("full", "The disk is full");
  for (let n = 0; n < 100; n++) health.report(error);
  assert.equal(lines.length, 1);
  health.report(new StoreError("io", "Something else"));
  assert.equal(lines.length, 2);
  clock.time += 60_000;
  health.report(error);
  assert.equal(lines.length, 3);
});

Deno.test("a disk that does not answer is told", () => {
  const { part } = setUp();
  assert.equal(part("storage", { writingMs: 5_000 })?.state, "ok");
  const hung = part("storage", { writingMs: 45_000 });
  assert.equal(hung?.state, "down");
  assert.match(hung?.reason ?? "", /for 45 seconds/);
  assert.equal(part("storage")?.state, "ok");
});
