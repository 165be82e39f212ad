import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { DAILY_HEADER } from "./daily_columns.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";
import { Statistics } from "./statistics.ts";

const stored = () => ({
  queues: 1,
  notifiers: 0,
  messages: 0,
  notifications: 0,
  recipientServices: 0,
  recipientServiceQueues: 0,
  notifierServices: 0,
  notifierServiceQueues: 0,
});

interface Trial {
  readonly directory: string;
  readonly states: string[];
  options(over: Partial<RecorderOptions>): RecorderOptions;
}

async function trial(run: (it: Trial) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const states: string[] = [];
  try {
    await run({
      directory,
      states,
      options: (over) => ({
        statistics: new Statistics(),
        stored,
        metrics: () => "metrics\n",
        backupFile: "",
        dailyFile: "",
        intervalMs: 3_600_000,
        startTimeMs: 0,
        metricsFile: "",
        metricsIntervalMs: 20,
        metricsAddress: "",
        onState: (part, error) => {
          if (error !== undefined) states.push(part);
        },
        ...over,
      }),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!await holds()) {
    if (performance.now() > end) throw new Error("It never happened");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("counters are kept from one recorder to the next, for the owner only", () =>
  trial(async ({ directory, states, options }) => {
    const backupFile = join(directory, "statistics.json");
    const first = options({ backupFile });
    const recorder = new Recorder(first);
    await recorder.start();
    first.statistics.counters.add("qCreated", 3);
    await recorder.stop();
    const { mode } = await Deno.stat(backupFile);
    assert.equal((mode ?? 0) & 0o777, 0o600);

    const second = options({ backupFile });
    await using again = new Recorder(second);
    // One that was never started has nothing to write.
    await new Recorder(options({ backupFile })).stop();
    await again.start();
    assert.equal(second.statistics.counters.get("qCreated"), 3);
    second.statistics.counters.add("qCreated");
    await again.save();
    assert.match(await Deno.readTextFile(backupFile), /"qCreated":4/);
    assert.deepEqual(states, []);
  }));

Deno.test("a damaged backup is told, and written anew", () =>
  trial(async ({ directory, states, options }) => {
    const backupFile = join(directory, "statistics.json");
    await Deno.writeTextFile(backupFile, "{");
    const recorder = new Recorder(options({ backupFile }));
    await recorder.start();
    assert.deepEqual(states, ["statistics file"]);
    await recorder.stop();
    assert(new Statistics().restore(await Deno.readTextFile(backupFile)));
  }));

Deno.test("lines and metrics are written by the clock", () =>
  trial(async ({ directory, states, options }) => {
    const dailyFile = join(directory, "daily.csv");
    const metricsFile = join(directory, "metrics.txt");
    const soon = Date.now() % 86_400_000 + 100;
    let times = 0;
    await using recorder = new Recorder(options({
      dailyFile,
      metricsFile,
      intervalMs: 50,
      startTimeMs: soon,
      metrics: () => `${++times}\n`,
    }));
    await recorder.start();
    await until(async () =>
      await isThere(dailyFile) &&
      (await Deno.readTextFile(dailyFile)).split("\n").length > 3
    );
    const [header, line] = (await Deno.readTextFile(dailyFile)).split("\n");
    assert.equal(header, DAILY_HEADER);
    assert.match(line, /^\d{4}-\d\d-\d\d,0,/);
    await until(async () => Number(await Deno.readTextFile(metricsFile)) > 2);
    assert.deepEqual(states, []);
  }));

Deno.test("what cannot be written is told, and stops nothing else", () =>
  trial(async ({ directory, states, options }) => {
    const nowhere = join(directory, "nowhere", "file");
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const recorder = new Recorder(options({
      backupFile: nowhere,
      metricsFile: nowhere,
      metricsAddress: `127.0.0.1:${taken.addr.port}`,
    }));
    await recorder.start();
    assert.equal(recorder.metricsUrl, undefined);
    await until(() =>
      states.filter((each) => each === "metrics file").length > 1
    );
    await recorder.stop();
    taken.close();
    assert.equal(states[0], "metrics endpoint");
    assert.equal(states.at(-1), "statistics file");
  }));

Deno.test("metrics are served to this machine, and to no web page", () =>
  trial(async ({ states, options }) => {
    let fails = false;
    await using recorder = new Recorder(options({
      metricsAddress: "127.0.0.1:0",
      metrics: () => {
        if (fails) throw new Error("secret");
        return "metrics\n";
      },
    }));
    await recorder.start();
    const url = new URL(recorder.metricsUrl ?? "");
    const ask = (path: string, host = url.host, method = "GET") =>
      new Promise<[number | undefined, string]>((resolve, reject) => {
        request(new URL(path, url), { method, headers: { host } }, (answer) => {
          let text = "";
          answer.on("data", (part) => text += part);
          answer.on("end", () => resolve([answer.statusCode, text]));
        }).on("error", reject).end();
      });
    assert.deepEqual(await ask("/metrics"), [200, "metrics\n"]);
    assert.deepEqual(await ask("/metrics", "localhost:1"), [200, "metrics\n"]);
    assert.equal((await ask("/"))[0], 404);
    assert.equal((await ask("/metrics", url.host, "POST"))[0], 405);
    assert.equal((await ask("/metrics", "rebound.example.org"))[0], 403);
    fails = true;
    const [status, text] = await ask("/metrics");
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret/);
    assert.deepEqual(states, ["metrics endpoint"]);
  }));
