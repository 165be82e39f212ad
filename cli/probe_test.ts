import assert from "node:assert/strict";
import { TestRelay } from "../tests/server/harness.ts";
import { describe } from "./probe.ts";
import { porchlight } from "./testing.ts";

Deno.test("probe says what happened, and its exit code whether it works", async () => {
  await using test = await TestRelay.start();
  const { identity, ports: [port] } = test.relay;
  const address = `smp://${identity.fingerprintText}@127.0.0.1:${port}`;
  const good = await porchlight(["probe", address]);
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /ok +Received it, and it is the same\./);
  assert.match(good.stdout, /The relay works for messages/);

  const json = await porchlight(["probe", address, "--quick", "--json"]);
  const { ok, steps } = JSON.parse(json.stdout);
  assert.equal(ok, true);
  assert.equal(steps.length, 3);

  await test.relay.stop();
  const gone = await porchlight(["probe", address, "--timeout", "5s"]);
  assert.equal(gone.code, 1);
  assert.match(
    gone.stdout,
    /failed +The machine is there, but nothing listens/,
  );

  const wrong = await porchlight(["probe", "relay.example.org"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /This is not the address of a server/);
});

Deno.test("remedies stand under what failed", () => {
  const lines = describe(
    {
      ok: false,
      scheme: "smp",
      port: 5223,
      steps: [{
        name: "create",
        state: "failed",
        text: "It does not take the password.",
        remedy: "Ask its owner.",
        milliseconds: 3,
      }],
    },
    { hosts: ["relay.example.org"] },
    { style: (_style, text) => text },
  );
  assert.deepEqual(lines, [
    "The relay at relay.example.org:",
    "  failed   It does not take the password.",
    "           Ask its owner.",
    "",
    "The relay cannot be used for messages from this machine.",
  ]);
});
