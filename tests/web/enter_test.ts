import assert from "node:assert/strict";
import { join } from "node:path";
import { logIn, PASSWORD, setUp, withPage } from "./harness.ts";

Deno.test("the first run sets password and settings, and only once", () =>
  withPage(async ({ browser, directory, settingsFile }) => {
    const first = browser();
    const start = await first.get("/");
    assert.equal(start.headers.location, "/setup");
    await first.get("/setup");
    for (
      const [fields, expected] of [
        [{ password: "short", repeated: "short" }, /at least 8/],
        [{ repeated: "lantern on the lawn" }, /two different/],
        [{ core: "nonsense" }, /path\.core.*it must be/],
        [{ name: "x".repeat(61) }, /web\.name.*it must be/],
      ] as const
    ) {
      const refused = await setUp(first, fields);
      assert.equal(refused.status, 422);
      assert.match(refused.text, expected);
    }
    const slow = browser();
    await slow.get("/setup");
    const done = await setUp(first, {
      name: 'Ada\'s <b>"lamp"</b>',
      sharing: "private",
      updates: "night",
    });
    // No relay runs here that could be restarted.
    assert.equal(done.status, 503);
    const toml = await Deno.readTextFile(settingsFile);
    assert.doesNotMatch(toml, /^listed =/m);
    assert.match(toml, /^quiet_hours = "05:00-02:00"$/m);
    assert.equal(
      [...toml.matchAll(/^create_password = "\S{20}"$/gm)].length,
      2,
    );
    const kept = join(directory, "owner-password.json");
    assert.equal(Number((await Deno.stat(kept)).mode) & 0o777, 0o600);
    assert(!(await Deno.readTextFile(kept)).includes(PASSWORD));

    const home = await first.get("/");
    assert.equal(home.status, 200);
    assert.match(home.text, /Ada&#39;s &lt;b&gt;&quot;lamp&quot;&lt;\/b&gt;/);
    assert.match(home.text, /Your relay is not running/);
    // Somebody who had the first page open comes too late.
    const late = await setUp(slow, {
      password: "another one",
      repeated: "another one",
      name: "Mine now",
    });
    assert.equal(late.headers.location, "/login");
    assert.equal(await Deno.readTextFile(settingsFile), toml);
    assert.equal((await slow.get("/setup")).headers.location, "/");
    assert.equal((await slow.get("/")).headers.location, "/login");
    assert.equal((await logIn(slow, "another one")).status, 401);
    assert.equal((await logIn(slow)).headers.location, "/");
  }));

Deno.test("nothing is told to those who are not logged in", () =>
  withPage(async ({ owner, browser }) => {
    await owner();
    const other = browser();
    for (
      const path of [
        "/",
        "/events",
        "/check",
        "/settings",
        "/backup",
        "/password",
        "/restarting",
      ]
    ) {
      const { status, headers, text } = await other.get(path);
      assert.deepEqual([status, headers.location, text], [303, "/login", ""]);
    }
    for (
      const path of [
        "/settings/simple",
        "/settings/section",
        "/backup",
        "/restart",
        "/check",
        "/password",
      ]
    ) {
      const { status, headers } = await other.send(path, {});
      assert.deepEqual([status, headers.location], [303, "/login"]);
    }
    const { text } = await other.get("/login");
    assert.doesNotMatch(text, /smp:|xftp:|version|0\.1\.0/i);
  }));

Deno.test("guessing the password becomes slower and slower", () =>
  withPage(async ({ owner, browser, wait, comeFrom }) => {
    await owner();
    const guesser = browser();
    for (let count = 1; count <= 3; count++) {
      const { status, text } = await logIn(guesser, `guess ${count}`);
      assert.equal(status, 401);
      assert.match(text, /not the password/);
    }
    const blocked = await logIn(guesser);
    assert.equal(blocked.status, 429);
    assert.equal(blocked.headers["retry-after"], "2");
    wait(2000);
    assert.equal((await logIn(guesser, "guess 4")).status, 401);
    wait(2000);
    assert.equal((await logIn(guesser)).headers["retry-after"], "2");
    // The owner, at another machine, is not locked out.
    comeFrom("192.168.7.7");
    assert.equal((await logIn(browser())).headers.location, "/");
    comeFrom("127.0.0.1");
    wait(2000);
    assert.equal((await logIn(guesser)).headers.location, "/");
  }));

Deno.test("guesses that come at once are counted before they are checked", () =>
  withPage(async ({ owner, browser }) => {
    await owner();
    const guesser = browser();
    await guesser.get("/login");
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        (_, index) => guesser.send("/login", { password: `guess ${index}` }),
      ),
    );
    const checked = answers.filter(({ status }) => status === 401);
    assert.equal(checked.length, 3);
    assert.equal(answers.length - checked.length, 5);
  }));

Deno.test("sessions end: when idle, after a week, by logging out", () =>
  withPage(async ({ owner, browser, wait }) => {
    const first = await owner();
    const cookie = first.cookies.get("porchlight") ?? "";
    assert.match(cookie, /^[\w-]{43}$/);
    wait(11 * 3_600_000);
    assert.equal((await first.get("/backup")).status, 200);
    wait(13 * 3_600_000);
    assert.equal((await first.get("/backup")).headers.location, "/login");

    const second = await owner();
    for (let hours = 0; hours < 160; hours += 8) {
      wait(8 * 3_600_000);
      assert.equal((await second.get("/backup")).status, 200);
    }
    wait(9 * 3_600_000);
    assert.equal((await second.get("/backup")).headers.location, "/login");

    const third = await owner();
    const token = third.cookies.get("porchlight") ?? "";
    assert.equal((await third.send("/logout", {})).headers.location, "/login");
    const thief = browser();
    thief.cookies.set("porchlight", token);
    assert.equal((await thief.get("/backup")).headers.location, "/login");
  }));

Deno.test("a new password needs the old one, and ends other sessions", () =>
  withPage(async ({ owner, browser }) => {
    const here = await owner();
    const there = await owner();
    const fields = {
      password: "a lamp in the window",
      repeated: "a lamp in the window",
    };
    const wrong = await here.send("/password", {
      ...fields,
      current: "no idea",
    });
    assert.equal(wrong.status, 422);
    const right = await here.send("/password", {
      ...fields,
      current: PASSWORD,
    });
    assert.equal(right.headers.location, "/");
    assert.equal((await here.get("/backup")).status, 200);
    assert.equal((await there.get("/backup")).headers.location, "/login");
    assert.equal((await logIn(browser())).status, 401);
  }));

Deno.test("a reset file on the card takes the password away, once", async () => {
  const card = await Deno.makeTempDir();
  try {
    await withPage(async ({ owner, browser }) => {
      const before = await owner();
      await Deno.writeTextFile(join(card, "reset-password.txt"), "");
      assert.equal((await before.get("/")).headers.location, "/setup");
      const next = browser();
      await next.get("/setup");
      await setUp(next, { password: "a new lamp", repeated: "a new lamp" });
      // The file is still there: the page may not remove it from the card.
      assert.equal((await next.get("/backup")).status, 200);
      assert.equal((await before.get("/")).headers.location, "/login");
      assert.equal(
        (await logIn(browser(), "a new lamp")).headers.location,
        "/",
      );
    }, { bootDirectories: [card] });
  } finally {
    await Deno.remove(card, { recursive: true });
  }
});
