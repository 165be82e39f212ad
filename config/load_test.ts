import assert from "node:assert/strict";
import { join } from "node:path";
import { type Config, ConfigError, defaultConfig, loadConfig } from "./mod.ts";
import { rows } from "./schema.ts";
import { configTemplate } from "./write.ts";

/** Loads `toml` from a file in a data directory of its own. */
function load(
  toml: string,
  { set = [], env = {} }: { set?: string[]; env?: Record<string, string> } = {},
) {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "porchlight.toml");
    Deno.writeTextFileSync(path, toml);
    const config = loadConfig({
      set: [`data.directory=${directory}`, ...set],
      env,
    });
    return { config, directory };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function problemOf(toml: string, options = {}): string {
  try {
    load(toml, options);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message.replaceAll(/\/\S*\/porchlight\.toml/g, "FILE");
  }
  throw new Error("No problem was found");
}

Deno.test("defaults are those of the reference", () => {
  const { smp, clients, listen, proxy } = defaultConfig();
  assert.deepEqual(listen, { addresses: ["[::]", "0.0.0.0"], ports: [5223] });
  assert.deepEqual(smp, {
    minVersion: 6,
    maxVersion: 18,
    newQueues: true,
    createPassword: "",
    messagesPerQueue: 128,
    messageExpirySeconds: 21 * 86400,
    messageExpiryCheckMs: 7_200_000,
    expireOnStart: true,
    expireOnSend: true,
    notificationDeliveryIntervalMs: 1500,
    notificationExpirySeconds: 86400,
    notificationExpiryCheckMs: 3_600_000,
    endDelayMs: 15_000,
    handshakeTimeoutMs: 120_000,
  });
  assert.deepEqual(clients, {
    disconnectInactive: true,
    inactiveAfterMs: 21_600_000,
    inactiveCheckMs: 3_600_000,
  });
  assert.equal(proxy.clientConcurrency, 32);
  assert.equal(proxy.errorMemoryMs, 30_000);
});

Deno.test("every default is allowed, and its key has one name", () => {
  for (const { name, setting } of rows) {
    assert.notEqual(setting.read(setting.default), undefined, name);
  }
  assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
  assert.equal(new Set(rows.map((row) => row.variable)).size, rows.length);
});

Deno.test("the written file means the defaults, commented and not", () => {
  const commented = configTemplate();
  const plain = commented.replaceAll(/^# (\w+ = )/gm, "$1");
  assert.notEqual(plain, commented);
  const { config, directory } = load(commented);
  assert.equal(config.data.directory, directory);
  // These have paths in the data directory.
  const apart = ({ data: _, control: __, stats, ...rest }: Config) => ({
    ...rest,
    stats: { ...stats, backupFile: "" },
  });
  assert.deepEqual(apart(config), apart(defaultConfig()));
  assert.deepEqual(
    load(plain, { set: [] }).config.smp,
    defaultConfig().smp,
  );
  for (const { key } of rows) assert.match(plain, RegExp(`^${key} = `, "m"));
  for (const line of commented.split("\n")) {
    assert(line.length <= 80 || line.includes(" = "), line);
  }
});

Deno.test("file, environment and --set: the later wins", () => {
  const toml = `[smp]\nmessages_per_queue = 4\nend_delay = "0.5s"\n` +
    `message_expiry = "off"\n[log]\nlevel = "warn"\n`;
  const { config } = load(toml, {
    env: {
      PORCHLIGHT_SMP_MESSAGES_PER_QUEUE: "5",
      PORCHLIGHT_LOG_LEVEL: "error",
      PORCHLIGHT_LISTEN_PORTS: "5223, 443",
      PORCHLIGHT_CACHE: "no setting, somebody else's",
    },
    set: ["log.level=debug", `listen.addresses=["127.0.0.1", "::1"]`],
  });
  assert.equal(config.smp.messagesPerQueue, 5);
  assert.equal(config.smp.endDelayMs, 500);
  assert.equal(config.smp.messageExpirySeconds, null);
  assert.equal(config.log.level, "debug");
  assert.deepEqual(config.listen, {
    addresses: ["127.0.0.1", "[::1]"],
    ports: [5223, 443],
  });
});

Deno.test("every setting can be given on the command line and in the environment", () => {
  const texts: Record<string, string> = {};
  for (const { name, variable, setting } of rows) {
    if (name === "data.directory") continue;
    const raw = setting.default;
    texts[variable] = Array.isArray(raw) ? raw.join(",") : String(raw);
  }
  const { config } = load("", { env: texts });
  assert.deepEqual(config.limits, defaultConfig().limits);
  const set = rows.filter((row) => row.name !== "data.directory")
    .map((row) => `${row.name}=${texts[row.variable]}`);
  assert.deepEqual(load("", { set }).config.listen, defaultConfig().listen);
});

Deno.test("paths count from the data directory", () => {
  const { config, directory } = load(
    `[stats]\ndaily_file = "stats.csv"\nprometheus_file = "~/metrics"\n` +
      `[tls]\nca = "/etc/ca.crt"\n`,
    { env: { HOME: "/home/ada" } },
  );
  assert.equal(config.stats.dailyFile, join(directory, "stats.csv"));
  assert.equal(config.stats.prometheusFile, "/home/ada/metrics");
  assert.equal(config.stats.backupFile, join(directory, "statistics.json"));
  assert.equal(config.tls.ca, "/etc/ca.crt");
  assert.equal(config.tls.key, "");
  assert.equal(config.control.socket, join(directory, "control.sock"));
});

Deno.test("a wrong key names its line, the nearest match and what there is", () => {
  assert.match(
    problemOf(`# mine\n\n[smp]\nnew_queues = true\nmesages_per_queue = 4\n`),
    /^FILE line 5: smp\.mesages_per_queue is no setting\. Did you mean smp\.messages_per_queue\? \[smp\] has: min_version, /,
  );
  assert.match(
    problemOf(`[smpp]\nnew_queues = true\n`),
    /^FILE line 1: \[smpp\] is no section\. Did you mean smp\?/,
  );
  assert.match(
    problemOf(`level = "info"\n`),
    /level belongs below the line \[log\]/,
  );
  assert.match(
    problemOf(`[log]\nlevel = "info"\nconnections = 3\n`),
    /^FILE line 3: log\.connections is no setting\. Did you mean limits\.connections\?/,
  );
});

Deno.test("a wrong value names its line and what is allowed", () => {
  assert.equal(
    problemOf(`[smp]\n\nmessages_per_queue = "many"\n`),
    `FILE line 3: smp.messages_per_queue = "many"\n` +
      `  It must be a whole number from 1 to 100000.`,
  );
  assert.match(
    problemOf(`smp.end_delay = 15\n`),
    /^FILE line 1: smp\.end_delay = 15\n {2}It must be a duration from 0s to 10m/,
  );
  assert.match(
    problemOf(`log = { level = "loud" }`),
    /^FILE line 1: log\.level = "loud"\n {2}It must be one of "error", "warn"/,
  );
  assert.match(problemOf(`log = 3`), /write \[log\] on a line of its own/);
  assert.match(
    problemOf(`[smp]\nmin_version = 9\nmax_version = 7\n`),
    /^FILE line 2: smp\.min_version is 9, which is above/,
  );
  for (
    const wrong of [
      `[listen]\nports = []`,
      `[listen]\nports = [70000]`,
      `[listen]\naddresses = ["localhost"]`,
      `[address]\nhosts = ["a.example:5223"]`,
      `[smp]\nmessage_expiry = "1.5s"`,
      `[limits]\noutput_per_connection = "1TB"`,
      `[log]\nlevel = 1e400`,
      `[log]\nlevel = 1979-05-27`,
    ]
  ) assert.match(problemOf(wrong), /^FILE line 2: [^]*It must be/);
});

Deno.test("all problems are told at once", () => {
  const problems = problemOf(`[smp]\na = 1\n[log]\nlevel = 2\n`, {
    set: ["log.levle=info", "nonsense"],
    env: { PORCHLIGHT_SMP_NEW_QUEUE: "true" },
  });
  assert.equal(problems.match(/^\S.*: |^The environment/gm)?.length, 5);
  assert.match(
    problems,
    /--set: log\.levle is no setting\. Did you mean log\.level\?/,
  );
  assert.match(problems, /--set nonsense: write --set section\.key=value/);
  assert.match(
    problems,
    /PORCHLIGHT_SMP_NEW_QUEUE is no setting\. Did you mean PORCHLIGHT_SMP_NEW_QUEUES\?/,
  );
});

Deno.test("a file that is not TOML names the line", () => {
  assert.match(
    problemOf(`[log]\nlevel = info\n`),
    /^FILE line 2: level = info\n {2}This is not valid TOML/,
  );
});

Deno.test("the password stays out of messages", () => {
  for (
    const toml of [`create_password = "se cret"`, `create_password = secret`]
  ) {
    const problem = problemOf(`[smp]\n${toml}`);
    assert.match(problem, /line 2/);
    assert.doesNotMatch(problem, /cret/);
  }
  assert.doesNotMatch(
    problemOf("", { set: ["smp.create_password=se:cret"] }),
    /cret/,
  );
});

Deno.test("a file that was asked for must be there", () => {
  assert.throws(
    () => loadConfig({ path: "/nowhere/porchlight.toml", env: {} }),
    /There is no file \/nowhere\/porchlight\.toml\. Make one with: porchlight init/,
  );
});
