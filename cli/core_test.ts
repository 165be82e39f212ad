import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { describeRelays } from "./core.ts";
import { commandLine, porchlight, spawn } from "./testing.ts";

Deno.test("porchlight core says what its operator has to set up, and answers", async () => {
  const data = await Deno.makeTempDir();
  try {
    const child = spawn(commandLine(
      ...["core", "--domain", "relays.example.org", "--data", data],
      ...["--set", "core.dns_port=0", "--set", "core.ports=0"],
      ...["--set", "core.addresses=203.0.113.7"],
    ));
    const output = child.output();
    const ask = (...words: string[]) =>
      porchlight(["core", ...words, "--data", data]);
    let status = await ask("status");
    const end = performance.now() + 20_000;
    while (status.code !== 0 && performance.now() < end) {
      status = await ask("status");
    }
    match(status.stdout, /is running: all is well/);
    match((await ask("relays")).stdout, /No relay has a lease/);
    const ban = await ask("ban", "Attic");
    strictEqual(ban.code, 1);
    match(ban.stderr, /No relay here is called "attic"/);
    const wrong = await ask("throw", "attic");
    strictEqual(wrong.code, 2);
    child.kill("SIGTERM");
    const { code, stdout } = await output;
    strictEqual(code, 0);
    const text = new TextDecoder().decode(stdout);
    match(text, /porchlight:\/\/[\w-]{43}=@relays\.example\.org:\d+/);
    match(text, /20000-29999 +TCP +apps/);
    ok(!text.includes("needed:"), "no DNS, no records");
    ok((await Deno.stat(join(data, "leases.db"))).isFile);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("porchlight core says what is missing", async () => {
  const data = await Deno.makeTempDir();
  try {
    const without = await porchlight(["core", "--data", data]);
    strictEqual(without.code, 1);
    match(without.stderr, /needs a domain/);
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const full = await porchlight([
      ...["core", "--data", data, "--domain", "relays.example.org"],
      ...["--set", "core.ports=0", "--set", "core.addresses=203.0.113.7"],
      ...["--set", "core.dns_addresses=127.0.0.1"],
      ...["--set", `core.dns_port=${taken.addr.port}`],
    ]);
    strictEqual(full.code, 1);
    match(full.stderr, /Cannot answer DNS on port \d+: another program/);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("Relays are listed without a word about where they are", () => {
  const relay = {
    label: "attic",
    port: 20_001,
    standing: "known",
    since: "2026-01-02",
    seen: "2026-11-20",
    links: 2,
    name: "core",
  } as const;
  const [, line] = describeRelays({ relays: [relay] });
  match(line, /attic +20001 +known +2026-01-02 +2026-11-20 +through here/);
});
