/** Relays that call each other back, over loopback. */
import assert from "node:assert/strict";
import { askCallback } from "../../callback/mod.ts";
import type { PathAnswer } from "../../relay/control/mod.ts";
import { TestRelay } from "../server/harness.ts";

/** The relay's answer, once nothing is being found out any more. */
async function answerOf({ relay }: TestRelay): Promise<PathAnswer> {
  await relay.path.settled(20_000);
  return relay.control.path();
}

/** One that answers, for others that are on loopback too. */
function startAnswerer(): Promise<TestRelay> {
  return TestRelay.start({ set: ["path.answer_local=true"] });
}

function addressOf({ relay }: TestRelay): string {
  const { fingerprintText } = relay.identity;
  return `smp://${fingerprintText}@127.0.0.1:${relay.ports[0]}`;
}

Deno.test("a relay whose port is open finds out, tells it, and how it knows", async () => {
  await using other = await startAnswerer();
  await using test = await TestRelay.start({
    set: [`path.callback_servers=${addressOf(other)}`],
  });
  const [port] = test.relay.ports;
  const { state, words, advertised, ways } = await answerOf(test);
  assert.equal(state, "ok");
  assert.equal(
    words,
    `Reachable from the Internet at 127.0.0.1:${port}, through the port ` +
      "that you forwarded in your router, checked just now from outside.",
  );
  assert.deepEqual(advertised, [
    { host: "127.0.0.1", port, kind: "manual", confirmed: true },
  ]);
  assert.equal(ways.length, 1);
  const [first] = test.relay.reachedAddresses();
  assert.deepEqual(first, { address: addressOf(test), reach: "everywhere" });
  assert.deepEqual(
    test.relay.parts().find(({ name }) => name === "path"),
    { name: "path", state: "ok", note: words, remedy: undefined },
  );
});

Deno.test("a port that leads elsewhere is found out, and what the owner can do", async () => {
  await using other = await startAnswerer();
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  await using test = await TestRelay.start({
    set: [
      `path.callback_servers=${addressOf(other)}`,
      `address.port=${port}`,
    ],
  });
  const { state, words, remedy, advertised } = await answerOf(test);
  assert.equal(state, "degraded");
  assert.match(words, /Nobody gets through to port \d+ .* was refused/);
  assert.match(remedy ?? "", new RegExp(`forward TCP port ${port}`));
  assert.deepEqual(advertised, []);
  assert.ok(
    test.relay.reachedAddresses().every(({ reach }) => reach === "home"),
  );
});

Deno.test("another relay at the own address is not taken for this one", async () => {
  await using other = await startAnswerer();
  await using test = await TestRelay.start({
    set: [
      `path.callback_servers=${addressOf(other)}`,
      `address.port=${other.relay.ports[0]}`,
    ],
  });
  const { words } = await answerOf(test);
  assert.match(words, /another relay answers there/);
});

Deno.test("a relay that calls nobody back says so to others, and asks the next", async () => {
  await using other = await startAnswerer();
  await using mute = await TestRelay.start({
    set: ["path.answer_callbacks=false"],
  });
  const options = {
    identity: other.relay.identity,
    port: other.relay.ports[0],
    family: 4,
  } as const;
  const place = {
    hosts: ["127.0.0.1"],
    port: String(mute.relay.ports[0]),
    fingerprint: mute.relay.identity.fingerprint,
  };
  await assert.rejects(askCallback(place, options), {
    kind: "not an answerer",
  });
  const servers = [mute, other, mute].map(addressOf).join(",");
  await using test = await TestRelay.start({
    set: [`path.callback_servers=${servers}`],
  });
  const { state, advertised } = await answerOf(test);
  assert.equal(state, "ok");
  assert.equal(advertised.length, 1);
});

Deno.test("strangers are not called back at private addresses unless it is wished", async () => {
  await using test = await TestRelay.start();
  const { relay } = test;
  const { outcome, observed } = await askCallback(
    {
      hosts: ["127.0.0.1"],
      port: String(relay.ports[0]),
      fingerprint: relay.identity.fingerprint,
    },
    { identity: relay.identity, port: relay.ports[0], family: 4 },
  );
  assert.deepEqual([outcome, observed], ["not public", "127.0.0.1"]);
  // On loopback alone there is no path, and nothing to say about it.
  assert.equal(relay.path.part(), undefined);
  assert.deepEqual(relay.control.path().ways, []);
});

Deno.test("a relay stops in the middle of finding out", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const fingerprint = "A".repeat(43);
  const server = `smp://${fingerprint}@127.0.0.1:${silent.addr.port}`;
  const test = await TestRelay.start({
    set: [`path.callback_servers=${server}`],
  });
  const accepted = await silent.accept();
  const since = performance.now();
  await test[Symbol.asyncDispose]();
  assert.ok(performance.now() - since < 3_000);
  accepted.close();
  silent.close();
});
