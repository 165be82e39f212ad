import assert from "node:assert/strict";
import { join } from "node:path";
import { type Config, loadConfig } from "../../config/mod.ts";
import {
  allChecks,
  type DoctorContext,
  examine,
  machineAt,
} from "../../doctor/mod.ts";
import { createLog } from "../../relay/log.ts";
import {
  findTor,
  isOnionHost,
  type Onion,
  ONION_KEY_FILE,
  readOnionKey,
  startOnion,
  TorError,
} from "../../relay/onion/mod.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { TestRelay } from "../server/harness.ts";
import { hashedPassword, TestTor, torMissing } from "./tor.ts";

const missing = await torMissing();
if (missing !== undefined) console.log(`No tests with tor: ${missing}`);

const ports = [{ port: 5223, target: "127.0.0.1:15223" }];

interface Place {
  readonly config: Config;
  readonly directory: string;
  readonly logged: string[];
  start(): Promise<Onion>;
}

/** Settings and a data directory for one relay. */
async function withPlace(
  settings: readonly string[],
  run: (place: Place) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const config = loadConfig({
      set: [`data.directory=${directory}`, ...settings],
      env: {},
    });
    const logged: string[] = [];
    const log = createLog({
      level: "info",
      write: (line) => logged.push(line),
    });
    const start = () =>
      startOnion(config, { ports, log, retryMs: 50, maxRetryMs: 100 });
    await run({ config, directory, logged, start });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    assert(performance.now() < end, "it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether tor has this very service already: then a second one collides. */
async function isTaken(place: Place): Promise<boolean> {
  await using other = (await findTor(place.config.onion)).control;
  const key = await readOnionKey(place.directory);
  assert(key !== undefined);
  const { code } = await other.ask(
    `ADD_ONION ${key.controlText} Port=1,127.0.0.1:1`,
  );
  assert(code === 250 || code === 550, `tor answered ${code}`);
  return code === 550;
}

Deno.test({
  name:
    "tor takes the service by cookie, gets it again after a restart, and loses it at the end",
  ignore: missing !== undefined,
  async fn() {
    await using tor = await TestTor.start(["CookieAuthentication 1"]);
    await withPlace([`onion.control=${tor.socket}`], async (place) => {
      const onion = await place.start();
      assert.equal(onion.isPublished, true);
      const host = onion.host();
      assert(host !== undefined && isOnionHost(host));
      const { mode } = await Deno.stat(join(place.directory, ONION_KEY_FILE));
      assert.equal((mode ?? 0) & 0o777, 0o600);
      assert.equal(await isTaken(place), true);

      // Another port of the router's: the service stays in tor with it.
      onion.usePorts([...ports, { port: 443, target: ports[0].target }]);
      await until(() => onion.isPublished);
      assert.equal(await isTaken(place), true);

      await tor.kill();
      await until(() => !onion.isPublished);
      assert.equal(onion.host(), host);
      assert.match(onion.problem?.reason ?? "", /does not work/);
      await tor.run();
      await until(() => onion.isPublished);
      assert.equal(onion.problem, undefined);
      assert.equal(onion.host(), host);
      assert.equal(await isTaken(place), true);

      await onion.stop();
      assert.equal(await isTaken(place), false);
      await using again = await place.start();
      assert.equal(again.host(), host);
      assert(!place.logged.join().includes(".onion"));
    });
  },
});

Deno.test({
  name: "a control port that is open to all, and one with a password",
  ignore: missing !== undefined,
  async fn() {
    await using open = await TestTor.start();
    await withPlace([`onion.control=${open.socket}`], async ({ start }) => {
      await using onion = await start();
      assert.equal(onion.isPublished, true);
    });
    const password = 'a "long" word';
    await using locked = await TestTor.start([
      `HashedControlPassword ${await hashedPassword(password)}`,
    ]);
    const control = `onion.control=${locked.socket}`;
    const right = [control, `onion.control_password=${password}`];
    await withPlace(right, async ({ start }) => {
      await using onion = await start();
      assert.equal(onion.isPublished, true);
    });
    for (
      const [settings, remedy] of [
        [[], /onion\.control_password/],
        [["onion.control_password=wrong"], /Correct onion\.control_password/],
      ] as const
    ) {
      await withPlace([control, ...settings], async ({ config }) => {
        await assert.rejects(findTor(config.onion), (error) => {
          assert(error instanceof TorError);
          assert.equal(error.code, "not allowed");
          assert.match(error.remedy ?? "", remedy);
          return true;
        });
      });
    }
  },
});

Deno.test({
  name:
    "a relay has the onion name behind its other, and says when tor is away",
  ignore: missing !== undefined,
  async fn() {
    await using tor = await TestTor.start(["CookieAuthentication 1"]);
    await using test = await TestRelay.start({
      set: [
        "onion.enabled=auto",
        `onion.control=${tor.socket}`,
        "address.hosts=relay.example.org",
        "address.port=443",
      ],
    });
    const { relay } = test;
    const [address] = relay.addresses();
    const { hosts, port } = parseServerAddress(address);
    assert.equal(hosts[0], "relay.example.org");
    assert.equal(hosts.length, 2);
    assert(isOnionHost(hosts[1]), hosts[1]);
    assert.equal(port, "443");
    assert.deepEqual(relay.parts().filter(({ name }) => name === "onion"), []);

    const view: DoctorContext["relay"] = {
      state: "running",
      status: {
        version: "",
        state: "ok",
        uptimeSeconds: 1,
        parts: [],
        counts: {},
      },
      addresses: relay.addresses(),
      path: undefined,
    };
    const asked = async () => {
      const context = {
        config: test.config,
        configFile: "",
        configProblems: [],
        relay: view,
        machine: machineAt("/nonexistent"),
        now: new Date(),
      };
      const checks = allChecks.filter(({ name }) => name === "onion");
      return (await examine(checks, context)).map(({ result, what }) =>
        `${result}: ${what}`
      );
    };
    const [here, way, has] = await asked();
    assert.match(here, /^ok: Tor 0\..* lets us in/);
    assert.match(way, /^warning: Tor is 0 % on its way/);
    assert.match(has, /^ok: The relay has the onion address/);

    await tor.kill();
    await until(() => relay.parts().some(({ name }) => name === "onion"));
    assert.equal(relay.addresses()[0], address, "tor will come back");
    assert.match((await asked())[0], /^problem: The onion address does not/);
    assert.match(test.takeErrors().join(), /onion address does not work/);
  },
});

Deno.test("where no tor is, nothing is said, made or promised", () =>
  withPlace(
    ["onion.control=/nonexistent/control"],
    async ({ directory, logged, start }) => {
      await using onion = await start();
      assert.equal(onion.host(), undefined);
      assert.equal(onion.problem, undefined);
      assert.deepEqual(logged, []);
      assert.deepEqual([...Deno.readDirSync(directory)], []);
    },
  ));

Deno.test("a tor that the owner asked for is missed", () =>
  withPlace(
    ["onion.control=/nonexistent/control", "onion.enabled=on"],
    async ({ start }) => {
      await using onion = await start();
      assert.match(onion.problem?.reason ?? "", /No tor was found/);
      assert.match(onion.problem?.remedy ?? "", /apt install tor/);
    },
  ));

Deno.test("onion.enabled = off asks nobody", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  using listener = Deno.listen({ transport: "unix", path });
  const accepted = listener.accept().then(() => "asked", () => "left alone");
  await withPlace(
    [`onion.control=${path}`, "onion.enabled=off"],
    async ({ start }) => {
      await using onion = await start();
      assert.equal(onion.host(), undefined);
    },
  );
  listener.close();
  assert.equal(await accepted, "left alone");
});
