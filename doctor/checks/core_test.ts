import assert from "node:assert/strict";
import type { PartStatus } from "../../relay/control/mod.ts";
import { formatCoreAddress } from "../../tunnel/core_address.ts";
import { ask, running, short } from "../testing.ts";
import { core } from "./core.ts";
import { names } from "./names.ts";

/** A core at this host; `localhost` stands for what names lead to. */
function set(host: string): string[] {
  const fingerprint = new Uint8Array(32).fill(7);
  const address = formatCoreAddress({ fingerprint, hosts: [host], port: 443 });
  return [`path.core=${address}`];
}

const linked: PartStatus = { name: "core", state: "ok", note: "It is there." };
const lost: PartStatus = {
  name: "core",
  state: "degraded",
  reason: "The core cannot be reached.",
  remedy: "Look at the cable.",
};

function relay(
  part: PartStatus | undefined,
  { name, ways = [] }: { name?: string; ways?: readonly unknown[] } = {},
) {
  assert(running.state === "running");
  const advertised = name === undefined
    ? []
    : [{ host: name, port: 20_001, kind: "tunnel", confirmed: true }];
  return {
    ...running,
    status: { ...running.status, parts: part === undefined ? [] : [part] },
    path: { state: "ok", words: "Reachable.", advertised, ways },
  };
}

Deno.test("the core: none wanted, none to ask, none yet", async () => {
  assert.deepEqual(await ask(core, {}), []);
  assert.match(
    short(await ask(core, { set: set("127.0.0.1") }))[0],
    /^skipped: The running relay/,
  );
  assert.match(
    short(
      await ask(core, { set: set("127.0.0.1"), relay: relay(undefined) }),
    )[0],
    /^skipped: The running relay does not say/,
  );
});

Deno.test("the core: lost, with and without a name", async () => {
  const at = async (name?: string) =>
    short(
      await ask(core, { set: set("127.0.0.1"), relay: relay(lost, { name }) }),
    );
  assert.deepEqual(await at(), ["problem: The core cannot be reached."]);
  assert.equal(
    (await at("localhost"))[0],
    "warning: The core cannot be reached.",
  );
});

Deno.test("the core: where the name leads", async () => {
  const at = async (
    name: string,
    { host = "127.0.0.1", ways }: {
      host?: string;
      ways?: readonly unknown[];
    } = {},
  ) =>
    short(
      await ask(core, { set: set(host), relay: relay(linked, { name, ways }) }),
    );
  const way = (host: string) => [{ kind: "mapped", state: "confirmed", host }];
  assert.equal((await at("localhost"))[0], "ok: It is there.");
  assert.match((await at("localhost"))[1], /^ok: .*: that is the core/);
  assert.match(
    (await at("localhost", { ways: way("127.0.0.1") }))[1],
    /^ok: .*: that is this home/,
  );
  assert.match(
    (await at("localhost", { ways: way("203.0.113.5") }))[1],
    /^warning: .* could come home directly/,
  );
  assert.match(
    (await at("localhost", { host: "203.0.113.1" }))[1],
    /^problem: .* neither this home nor the core/,
  );
  assert.match((await at("nobody.invalid"))[1], /^problem: .* does not exist/);
});

Deno.test("a core's name is a name", async () => {
  assert.deepEqual(await ask(names, { set: set("127.0.0.1") }), []);
  assert.equal((await ask(names, {})).length, 1);
});
