import assert from "node:assert/strict";
import { loadConfig } from "../../config/mod.ts";
import { isWithin } from "./hours.ts";
import { Share, type ShareSources } from "./share.ts";

class TestShare implements AsyncDisposable {
  readonly errors: unknown[] = [];
  readonly #directory: string;
  now = Date.parse("2026-11-20T12:00:00Z");
  sources: ShareSources = {
    messages: 0,
    bytes: 0,
    fileBytes: 0,
    connections: 0,
  };

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(...set: string[]): Promise<Share> {
    const config = loadConfig({
      set: [
        `data.directory=${this.#directory}`,
        "share.listed=public",
        ...set.map((each) => `share.${each}`),
      ],
      env: {},
    });
    const share = await Share.open({
      config,
      now: () => this.now,
      onError: (error) => this.errors.push(error),
    });
    share.start(() => this.sources);
    return share;
  }

  /** So much more has gone through. */
  pass(share: Share, { messages = 0, megabytes = 0 }): void {
    const { sources } = this;
    this.sources = {
      ...sources,
      messages: sources.messages + messages,
      bytes: sources.bytes + megabytes * 1e6,
    };
    share.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
    assert.deepEqual(this.errors, []);
  }
}

async function testShare(): Promise<TestShare> {
  return new TestShare(await Deno.makeTempDir());
}

Deno.test("what is given in an hour and in a month has its limits, over restarts", async () => {
  await using test = await testShare();
  const limits = ["megabytes_per_hour=100", "gigabytes_per_month=1"];
  {
    await using share = await test.open(...limits);
    let changes = 0;
    share.onChange = () => changes++;
    test.pass(share, { megabytes: 99 });
    assert.equal(share.full, false);
    test.pass(share, { megabytes: 1 });
    assert.equal(share.reason, "hour");
    test.now += 3_600_000;
    share.look();
    assert.equal(share.full, false);
    assert.equal(changes, 2);
    for (let hour = 0; hour < 9; hour++) {
      test.now += 3_600_000;
      test.pass(share, { megabytes: 100 });
    }
    assert.equal(share.reason, "month");
  }
  // The counters of the relay begin anew with it.
  test.sources = { messages: 0, bytes: 0, fileBytes: 0, connections: 0 };
  await using share = await test.open(...limits);
  test.now += 3_600_000;
  share.look();
  assert.equal(share.reason, "month");
  test.now = Date.parse("2026-12-01T00:00:00Z");
  share.look();
  assert.equal(share.full, false);
});

Deno.test("connections and hours have their limits", async () => {
  await using test = await testShare();
  await using share = await test.open("connections=10");
  const connected = (connections: number) => {
    test.sources = { ...test.sources, connections };
    share.look();
    return share.reason;
  };
  assert.equal(connected(9), undefined);
  assert.equal(connected(10), "connections");
  assert.equal(connected(9), "connections");
  assert.equal(connected(8), undefined);

  const at = (time: string) => new Date(`2026-11-20T${time}:00`);
  assert.ok(isWithin("", at("03:00")));
  assert.ok(isWithin("22:00-07:00", at("23:59")));
  assert.ok(isWithin("22:00-07:00", at("06:59")));
  assert.ok(!isWithin("22:00-07:00", at("07:00")));
  assert.ok(isWithin("09:00-17:30", at("17:29")));
  assert.ok(!isWithin("09:00-17:30", at("17:30")));
});

Deno.test("a relay says what it has given, rounded, and does not forget", async () => {
  await using test = await testShare();
  {
    await using share = await test.open();
    assert.match(share.part()?.note ?? "", /^Nothing was given yet/);
    test.pass(share, { messages: 12_345, megabytes: 3456 });
    test.now += 86_400_000;
    test.pass(share, { messages: 1 });
    const note = share.part()?.note;
    assert.equal(
      note,
      "Given so far: 12,000 messages and 3.5 GB in 2 days.",
    );
  }
  await using share = await test.open();
  assert.match(
    share.part()?.note ?? "",
    /12,000 messages and 3.5 GB in 2 days/,
  );
});

Deno.test("the owner is known by the password of the owner alone", async () => {
  await using test = await testShare();
  const bytes = (text: string) => new TextEncoder().encode(text);
  await using share = await test.open("own_password=mine");
  assert.ok(share.isOwn(bytes("mine")));
  assert.ok(!share.isOwn(bytes("other")));
  assert.ok(!share.isOwn(undefined));
  await using open = await test.open();
  assert.ok(!open.isOwn(bytes("")));
});
