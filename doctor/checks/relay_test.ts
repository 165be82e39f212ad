import assert from "node:assert/strict";
import { webCredentials } from "../../tests/xftp/web_credentials.ts";
import { hasProgram } from "../../tests/packages.ts";
import { createIdentity } from "../../relay/identity/mod.ts";
import { machineAt } from "../machine.ts";
import { listeningOn } from "../sockets.ts";
import { ask, running, short } from "../testing.ts";
import { certificates } from "./certificates.ts";
import { names } from "./names.ts";
import { path } from "./path.ts";
import { ports } from "./ports.ts";
import { relay } from "./relay.ts";
import { secrets } from "./secrets.ts";
import { selfTest } from "./try_out.ts";
import { settings } from "./settings.ts";

async function inDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a relay that runs, one with a fault, one that is stopped", async () => {
  assert.deepEqual(short(await ask(relay, { relay: running })), [
    "ok: It is running, version 0.1.0, for 2 hours.",
  ]);
  assert(running.state === "running");
  const { status } = running;
  const ill = {
    ...running,
    status: {
      ...status,
      version: "0.0.1",
      parts: [
        { name: "a", state: "down", reason: "It is down.", remedy: "Mend it." },
        { name: "b", state: "degraded", reason: "It is slow." },
        { name: "c", state: "ok" },
      ],
    },
  } as const;
  const [, version, down, degraded, ...more] = await ask(relay, { relay: ill });
  assert.equal(version.result, "warning");
  assert.deepEqual(down, {
    result: "problem",
    what: "It is down.",
    remedy: "Mend it.",
  });
  assert.equal(degraded.result, "warning");
  assert.deepEqual(more, []);
  const [stopped] = await ask(relay, {});
  assert.match(short([stopped])[0], /^problem: .* not running/);
});

Deno.test("a port that is free, taken, or not open though the relay runs", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const set = [`listen.ports=${port}`, "listen.addresses=127.0.0.1"];
  const table = (await Deno.readTextFile("/proc/net/tcp")).split("\n");
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const ours = table.find((line) => line.includes(`:${hex} `)) ?? "";
  const files = { "/proc/net/tcp": `sl local\n${ours}\n` };
  const taken = listeningOn(port, machineAt());
  assert.equal(taken.taken, true);
  assert.equal(taken.by?.pid, Deno.pid);
  assert.match(
    short(await ask(ports, { set, files }))[0],
    /^problem: Port \d+ is taken by another program\.$/,
  );
  assert.match(
    short(await ask(ports, { set, files, relay: running }))[0],
    /^ok: .* open/,
  );
  listener.close();
  assert.match(short(await ask(ports, { set }))[0], /^ok: .* free/);
  assert.match(
    short(await ask(ports, { set, relay: running }))[0],
    /^problem: Nobody listens/,
  );
});

Deno.test("online certificate: none yet, good, expired, before its time, damaged", () =>
  inDirectory(async (directory) => {
    const at = async (now: string) =>
      short(await ask(certificates, { now: new Date(now) }, directory));
    assert.match((await at("2026-12-24"))[0], /^skipped: There are none yet/);
    await createIdentity(directory);
    const good = await at("2026-12-24");
    assert.match(good[0], /^ok: .* does not run out/);
    assert.match(good[1], /^ok: ca\.key is here/);
    assert.match((await at("7000-01-01"))[0], /^problem: .* ended on/);
    assert.match((await at("2001-01-01"))[0], /^problem: .* not valid yet/);
    await Deno.remove(`${directory}/ca.key`);
    assert.match((await at("2026-12-24"))[1], /^ok: ca\.key was moved away/);
    await Deno.writeTextFile(`${directory}/server.crt`, "noise");
    assert.match((await at("2026-12-24"))[0], /^problem: .* cannot be used/);
  }));

Deno.test({
  name: "certificate for browsers: good, nearly over, over, with a wrong key",
  ignore: !await hasProgram("openssl"),
  fn: () =>
    inDirectory(async (directory) => {
      const { certificates: crt, key } = await webCredentials();
      await Deno.writeTextFile(`${directory}/web.crt`, crt);
      await Deno.writeTextFile(`${directory}/web.key`, key);
      await Deno.writeTextFile(
        `${directory}/other.key`,
        (await webCredentials()).key,
      );
      const after = async (days: number, name = "web.key") => {
        const verdicts = await ask(certificates, {
          set: [
            `tls.web_certificate=${directory}/web.crt`,
            `tls.web_key=${directory}/${name}`,
          ],
          now: new Date(Date.now() + days * 86_400_000),
        }, directory);
        return short(verdicts).at(-1) ?? "";
      };
      assert.match(await after(0), /^ok: .* good until/);
      assert.match(await after(20), /^warning: .* ends on/);
      assert.match(await after(31), /^problem: .* ended on/);
      assert.match(await after(0, "other.key"), /^problem: .* not the key/);
      assert.match(await after(0, "none.key"), /^problem: .* cannot be used/);
    }),
});

Deno.test("keys that others can read are told", () =>
  inDirectory(async (directory) => {
    await createIdentity(directory);
    assert.deepEqual(await ask(secrets, {}, directory), []);
    await Deno.chmod(`${directory}/server.key`, 0o644);
    const [open] = await ask(secrets, {}, directory);
    assert.match(short([open])[0], /^warning: .*server\.key/);
    assert.match(open.remedy ?? "", /chmod 600/);
  }));

Deno.test("settings: faults, and choices that an owner may have forgotten", async () => {
  const faults = await ask(settings, {
    configProblems: ["first", "second"],
  });
  assert.deepEqual(short(faults), ["problem: first", "problem: second"]);
  const set = [
    "smp.new_queues=false",
    "proxy.allow_local=true",
    "listen.addresses=127.0.0.1",
  ];
  const [from, ...choices] = short(await ask(settings, { set }));
  assert.match(from, /^ok: There is no porchlight\.toml yet/);
  assert.deepEqual(choices.map((each) => each.split(" ")[0]), [
    "warning:",
    "warning:",
    "warning:",
  ]);
});

Deno.test("names: none, an address at home, one that leads home", async () => {
  const host = async (name: string) =>
    short(await ask(names, { set: [`address.hosts=${name}`] }))[0];
  assert.match(short(await ask(names, {}))[0], /^warning: .* no name/);
  assert.match(await host("192.168.1.5"), /^problem: .* inside your home/);
  assert.match(await host("198.51.100.7"), /^warning: .* IP address/);
  assert.match(await host("localhost"), /^warning: localhost is /);
});

Deno.test("the self-test waits for a relay", async () => {
  assert.deepEqual(short(await ask(selfTest, {})), [
    "skipped: The relay has to be running for it.",
  ]);
});

Deno.test("the path: confirmed, unchecked, looking, and not there at all", async () => {
  assert(running.state === "running");
  const at = async (answer: unknown, set: string[] = []) => {
    const view = { ...running, path: answer };
    const [verdict] = await ask(path, { relay: view, set });
    return verdict;
  };
  const place = { host: "203.0.113.5", port: 5223, kind: "mapped" };
  const answer = { state: "ok", words: "Reachable.", advertised: [], ways: [] };
  const good = { ...answer, advertised: [{ ...place, confirmed: true }] };
  assert.equal((await at(good)).result, "ok");
  const unchecked = { ...answer, advertised: [{ ...place, confirmed: false }] };
  assert.equal((await at(unchecked)).result, "warning");
  assert.equal((await at(answer)).result, "skipped");
  const none = {
    ...answer,
    state: "degraded",
    words: "Nobody gets through.",
    remedy: "Ask your provider.",
    ways: [
      { kind: "mapped", state: "failed", reason: "timeout", method: "upnp" },
      { kind: "manual", state: "failed", reason: "a new reason" },
      { kind: "onion", state: "confirmed" },
      null,
    ],
  };
  assert.deepEqual(await at(none), {
    result: "problem",
    what: "Nobody gets through.",
    meaning: "Tried: the router's help (UPnP): nothing comes through from " +
      "outside; a port forwarded by hand: does not work.",
    remedy: "Ask your provider.",
  });
  assert.equal((await at(none, ["address.hosts=a.org"])).result, "warning");
  for (const strange of [undefined, null, 7, {}, { state: "ok" }]) {
    assert.equal((await at(strange)).result, "skipped");
  }
});
