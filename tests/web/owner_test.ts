import assert from "node:assert/strict";
import { join } from "node:path";
import { restoreBackup } from "../../backup/mod.ts";
import { inDirectory, porchlight } from "../../cli/testing.ts";
import { loadConfig } from "../../config/mod.ts";
import { Browser } from "./browser.ts";
import { logIn, PASSWORD, setUp, withPage } from "./harness.ts";
import { startWithPage } from "./relay_process.ts";

Deno.test("settings are written where they belong, and comments stay", () =>
  withPage(async ({ owner, settingsFile }) => {
    const page = await owner();
    const before = await Deno.readTextFile(settingsFile);
    await page.get("/settings");
    const send = (fields: Record<string, string>) =>
      page.send("/settings/section", fields);
    const saved = await send({
      section: "limits",
      "limits.connections": "500",
      "limits.queues": "",
      "limits.messages": " 7 ",
    });
    assert.equal(saved.headers.location, "/");
    const after = await Deno.readTextFile(settingsFile);
    assert.equal(
      after.replace("connections = 500\n", "").replace("messages = 7\n", ""),
      before,
    );
    assert.equal(Number((await Deno.stat(settingsFile)).mode) & 0o777, 0o600);
    const home = await page.get("/");
    assert.match(home.text, /The settings have changed/);
    assert.match(home.text, /role="status">Saved/);
    const back = await send({
      section: "limits",
      "limits.connections": "",
      "limits.messages": "",
    });
    assert.equal(back.status, 303);
    assert.equal(await Deno.readTextFile(settingsFile), before);
  }));

Deno.test("what is not allowed, and what is not the page's, is not written", () =>
  withPage(async ({ owner, settingsFile }) => {
    const page = await owner();
    const before = await Deno.readTextFile(settingsFile);
    const { text } = await page.get("/settings");
    assert.match(text, /name="log\.level"/);
    for (
      const name of [
        "data.directory",
        "tls.key",
        "stats.prometheus_file",
        "update.restart_command",
        "update.url",
        "update.root",
        "backup.passphrase_file",
        "smp.new_queues",
        "core.domain",
      ]
    ) {
      assert.doesNotMatch(text, new RegExp(`name="${name}"`));
      const [section] = name.split(".");
      await page.send("/settings/section", { section, [name]: "false" });
      await page.send("/settings/section", { section: "log", [name]: "false" });
    }
    for (
      const [name, value, expected] of [
        [
          "limits.connections",
          "many",
          /limits\.connections &quot;many&quot;: it must be a whole/,
        ],
        ["smp.min_version", "99", /it must be a whole number from 6 to 18/],
        ["smp.max_version", "5", /it must be/],
        ["listen.addresses", "<script>", /&lt;script&gt;&quot;: it must be/],
        ["xftp.min_version", "3", undefined],
        ["xftp.max_version", "2", /above xftp\.max_version/],
      ] as const
    ) {
      const [section] = name.split(".");
      const answer = await page.send("/settings/section", {
        section,
        [name]: value,
      });
      assert.equal(answer.status, expected === undefined ? 303 : 422, name);
      if (expected !== undefined) assert.match(answer.text, expected);
    }
    await page.send("/settings/section", {
      section: "xftp",
      "xftp.min_version": "",
    });
    assert.equal(await Deno.readTextFile(settingsFile), before);
  }, { set: ["smp.new_queues=true"] }));

Deno.test("secrets are set and removed, and never shown", () =>
  withPage(async ({ owner, settingsFile }) => {
    const page = await owner();
    const secret = "Tr4velling-l1ght";
    const send = (fields: Record<string, string>) =>
      page.send("/settings/section", { section: "smp", ...fields });
    await send({ "smp.create_password": secret });
    const written = `create_password = "${secret}"`;
    assert((await Deno.readTextFile(settingsFile)).includes(written));
    assert(!(await page.get("/settings")).text.includes(secret));
    await send({ "smp.create_password": "", "smp.messages_per_queue": "9" });
    assert((await Deno.readTextFile(settingsFile)).includes(written));
    const wrong = await send({ "smp.create_password": `${secret} @:/` });
    assert.equal(wrong.status, 422);
    assert(!wrong.text.includes(secret));
    await send({
      "smp.create_password": "",
      "clear:smp.create_password": "yes",
    });
    assert(!(await Deno.readTextFile(settingsFile)).includes(written));
  }));

Deno.test("who may use it, changed and changed back", () =>
  withPage(async ({ owner, directory }) => {
    const page = await owner();
    const config = () =>
      loadConfig({ set: [`data.directory=${directory}`], env: {} });
    const change = async (sharing: string, updates: string, core = "") => {
      const { status } = await page.send("/settings/simple", {
        name: "Lamp",
        sharing,
        updates,
        core,
      });
      assert.equal(status, 303);
      const { share, smp, xftp, update } = config();
      return {
        listed: share.listed,
        locked: [smp.createPassword !== "", xftp.createPassword !== ""],
        updates: [update.automatic, update.quietHours],
      };
    };
    const first = config().smp.createPassword;
    assert.deepEqual(await change("private", "tell"), {
      listed: "off",
      locked: [true, true],
      updates: ["tell", ""],
    });
    // It is in addresses that were given away.
    assert.equal(config().smp.createPassword, first);
    const core = `porchlight://${"A".repeat(43)}=@relays.example.org:443`;
    assert.deepEqual(await change("public", "night"), {
      listed: "off",
      locked: [false, false],
      updates: ["install", "05:00-02:00"],
    });
    assert.equal((await change("public", "any", core)).listed, "public");
    assert.deepEqual(await change("private", "any", core), {
      listed: "off",
      locked: [true, true],
      updates: ["install", ""],
    });
  }));

Deno.test("settings with a fault are told, and nothing is restarted", () =>
  withPage(async ({ owner, settingsFile }) => {
    const page = await owner();
    await Deno.writeTextFile(settingsFile, "[log]\nlevel = '<b>loud</b>'\n");
    assert.match((await page.get("/")).text, /&lt;b&gt;loud&lt;\/b&gt;/);
    const answer = await page.send("/restart", {});
    assert.equal(answer.status, 503);
    assert.match(answer.text, /log\.level/);
    await Deno.writeTextFile(settingsFile, "[log\n");
    assert.match((await page.get("/settings")).text, /not valid TOML/);
  }));

Deno.test("a relay that is set up, used, backed up and restarted by its page", () =>
  inDirectory(async (directory) => {
    const data = join(directory, "data");
    await using running = await startWithPage(data);
    const page = new Browser(running.url);
    await page.get("/setup");
    const done = await setUp(page, { name: "Lamp", sharing: "private" });
    assert.equal(done.headers.location, "/restarting");
    await restarted(page);
    const home = await page.get("/");
    assert.match(home.text, /Lamp/);
    assert.match(home.text, /Your relay works in your own network/);
    const { smp, xftp } = loadConfig({
      set: [`data.directory=${data}`],
      env: {},
    });
    // What the apps need to create queues is in the address now.
    assert(home.text.includes(`:${smp.createPassword}@`));
    assert(home.text.includes(`:${xftp.createPassword}@`));
    assert.match(home.text, /<svg class="qr"/);

    const live = await firstEvent(running.url, page);
    assert.match(
      live,
      /^retry: 5000\n\nevent: live\ndata: ".*Your relay works/,
    );

    const passphrase = "five words that are good";
    await page.get("/backup");
    const short = await page.send("/backup", {
      passphrase: "x",
      repeated: "x",
    });
    assert.equal(short.status, 422);
    const backup = await page.send("/backup", {
      passphrase,
      repeated: passphrase,
    });
    assert.equal(backup.status, 200);
    assert.match(
      String(backup.headers["content-disposition"]),
      /^attachment; filename="porchlight-\d{4}-\d\d-\d\d\.age"$/,
    );
    const source = join(directory, "relay.age");
    await Deno.writeFile(source, backup.bytes);
    const { header } = await restoreBackup({
      source,
      directory: join(directory, "other"),
      keys: { passphrase },
    });
    const fingerprint = await Deno.readTextFile(join(data, "fingerprint"));
    assert.equal(header.fingerprint, fingerprint.trim());
    const left = Array.from(Deno.readDirSync(data), ({ name }) => name)
      .filter((name) => name.includes("backup"));
    assert.deepEqual(left, []);

    const check = await page.send("/check", {});
    assert.equal(check.headers.location, "/check");
    await until(async () =>
      !(await page.get("/check")).text.includes('http-equiv="refresh"')
    );
    assert.match(page.page, /created and secured a queue/);

    // A port that the relay cannot have: it goes on with the one it had.
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await page.get("/settings");
    await page.send("/settings/section", {
      section: "listen",
      "listen.ports": String(taken.addr.port),
    });
    await page.get("/");
    assert.equal(
      (await page.send("/restart", {})).headers.location,
      "/restarting",
    );
    await restarted(page);
    assert.match(
      (await page.get("/")).text,
      /goes on with those before/,
    );

    const { code } = await porchlight(["password", "--data", data, "--reset"]);
    assert.equal(code, 0);
    assert.equal((await page.get("/")).headers.location, "/setup");
    const file = join(directory, "password");
    await Deno.writeTextFile(file, `${PASSWORD}\n`);
    const set = await porchlight([
      ...["password", "--data", data, "--password-file", file],
    ]);
    assert.equal(set.code, 0, set.stderr);
    assert.equal((await logIn(page)).headers.location, "/");
  }));

async function restarted(page: Browser): Promise<void> {
  await until(async () =>
    (await page.get("/restarting")).headers.location === "/"
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!await holds()) {
    assert(performance.now() < end, "This took too long");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What comes first of the stream of events. */
async function firstEvent(url: string, page: Browser): Promise<string> {
  const cookie = `porchlight=${page.cookies.get("porchlight")}`;
  const response = await fetch(new URL("/events", url), {
    headers: { cookie },
  });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (/data: .*\n\n/.test(text)) break;
  }
  return text;
}
