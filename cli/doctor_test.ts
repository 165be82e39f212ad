import assert from "node:assert/strict";
import {
  commandLine,
  inDirectory,
  porchlight,
  RunningCommand,
} from "./testing.ts";

const settings = [
  "listen.addresses=127.0.0.1",
  "address.hosts=localhost",
  "onion.enabled=off",
  "smp.create_password=a-secret-word",
].flatMap((setting) => ["--set", setting]);

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("the doctor looks at a relay before, while and after it runs", () =>
  inDirectory(async (data) => {
    const port = ["--set", `listen.ports=${freePort()}`];
    const flags = ["--data", data, ...settings, ...port];
    const stopped = await porchlight(["doctor", ...flags]);
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.match(stopped.stdout, /problem +relay +The relay is not running/);
    assert(!stopped.stdout.includes("\x1b"));

    const relay = new RunningCommand(commandLine("start", ...flags));
    try {
      await relay.shows(/smp:\S+@localhost:\d+/);
      const asked = await porchlight(["doctor", ...flags, "--json"]);
      const report = JSON.parse(asked.stdout);
      assert.deepEqual(Object.keys(report), [
        "version",
        "result",
        "relay",
        "findings",
      ]);
      assert.equal(report.relay, "running");
      const results = new Map<string, string[]>();
      for (const { check, result, what } of report.findings) {
        results.set(check, [...results.get(check) ?? [], `${result}: ${what}`]);
      }
      const problems = report.findings.filter(
        ({ result }: { result: string }) => result === "problem",
      );
      assert.deepEqual(problems, []);
      assert.equal(asked.code, 0);
      // With the password, which the report does not give away.
      assert.match(results.get("self-test")?.[0] ?? "", /^ok: .*created/);
      assert(!asked.stdout.includes("a-secret-word"));
    } finally {
      await relay.stop();
    }
    assert.equal(relay.stderr, "");
    assert(![...Deno.readDirSync(data)].some(({ name }) => /tmp/.test(name)));
  }));

Deno.test("faults in the settings are findings, wrong flags are not", () =>
  inDirectory(async (data) => {
    await Deno.writeTextFile(`${data}/porchlight.toml`, "[smp]\nqueue = 3\n");
    const { code, stdout } = await porchlight(["doctor", "--data", data]);
    assert.equal(code, 1);
    assert.match(stdout, /problem +settings .*porchlight\.toml line 2/s);
    assert.match(stdout, /relay +The relay is not running/);
    assert.equal((await porchlight(["doctor", "--jsn"])).code, 2);
  }));

Deno.test("without OpenSSL every command says so in words", async () => {
  const { code, stderr } = await porchlight(["doctor"], {
    env: { PORCHLIGHT_OPENSSL_DIR: "/nonexistent" },
  });
  assert.equal(code, 2);
  assert.match(stderr, /^porchlight: Cannot open lib/);
  assert.doesNotMatch(stderr, /at file:/);
});
