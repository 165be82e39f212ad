import assert from "node:assert/strict";
import { loadConfig } from "../../config/mod.ts";
import { convertIni } from "./ini_settings.ts";
import { parseIni } from "./ini.ts";
import {
  refusedSettings,
  settingNames,
  settingsFile,
} from "./settings_file.ts";

const recorded = new URL(
  "../../../shared/vectors/state/init/",
  import.meta.url,
);
const hasRecorded = await Deno.stat(recorded).then(() => true, () => false);

async function configOf(text: string) {
  const { taken, left } = convertIni(parseIni(text), settingNames());
  assert.deepEqual(await refusedSettings(taken), []);
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  await Deno.writeTextFile(path, settingsFile(taken));
  const config = loadConfig({ path, env: { HOME: "/" } });
  await Deno.remove(path);
  return { config, left };
}

Deno.test("both separators, comments and spaces, and the line of each setting", () => {
  const ini = parseIni(
    "; note\n[ ONE ]\n  a = 1\nb:2\n\nc = x:y=z\n# d = 4\na = 5\nnonsense\n[TWO]\r\na: \n",
  );
  assert.deepEqual(ini.entries, [
    { section: "ONE", key: "a", value: "1", line: 3 },
    { section: "ONE", key: "b", value: "2", line: 4 },
    { section: "ONE", key: "c", value: "x:y=z", line: 6 },
    { section: "TWO", key: "a", value: "", line: 11 },
  ]);
  assert.deepEqual(ini.unreadable, [9]);
});

Deno.test("settings become the relay's, with the same meaning", async () => {
  const { config, left } = await configOf(`[STORE_LOG]
enable: on
expire_messages_days: 7
expire_messages_on_send = off
expire_ntfs_hours = 12
prometheus_interval = 30
[AUTH]
new_queues: off
create_password: p=a"ss
control_port_user_password = secret
daily_block_queue_quota = 5
[TRANSPORT]
host = a.example,b.onion
port = 5223,443
websockets = off
[PROXY]
socks_proxy = localhost:9050
socks_mode = always
own_server_domains = one.example two.example
client_concurrency = 16
[INACTIVE_CLIENTS]
disconnect = off
ttl = 60
[OTHER]
thing = 1
`);
  assert.equal(config.smp.messageExpirySeconds, 7 * 86_400);
  assert.equal(config.smp.expireOnSend, false);
  assert.equal(config.smp.notificationExpirySeconds, 12 * 3600);
  assert.equal(config.stats.prometheusIntervalMs, 30_000);
  assert.notEqual(config.stats.prometheusFile, "");
  assert.equal(config.smp.newQueues, false);
  assert.equal(config.smp.createPassword, 'p=a"ss');
  assert.equal(config.limits.dailyBlocks, 5);
  assert.deepEqual(config.address.hosts, ["a.example", "b.onion"]);
  assert.deepEqual(config.listen.ports, [5223, 443]);
  assert.equal(config.proxy.socksProxy, "localhost:9050");
  assert.equal(config.proxy.socksMode, "always");
  assert.deepEqual(config.proxy.ownServerDomains, [
    "one.example",
    "two.example",
  ]);
  assert.equal(config.proxy.clientConcurrency, 16);
  assert.equal(config.clients.disconnectInactive, false);
  assert.equal(config.clients.inactiveAfterMs, 60_000);
  assert.deepEqual(left.map(({ entry }) => entry.key), [
    "control_port_user_password",
    "thing",
  ]);
});

Deno.test("values that the relay refuses are told apart from the others", async () => {
  const { taken, left } = convertIni(
    parseIni(
      "[TRANSPORT]\nport = 70000\n[AUTH]\nnew_queues = maybe\n" +
        "[PROXY]\nsocks_mode = sometimes\nclient_concurrency = 8\n",
    ),
    settingNames(),
  );
  assert.deepEqual(left.map(({ entry }) => entry.key), ["new_queues"]);
  const refused = await refusedSettings(taken);
  assert.deepEqual(refused.map(({ name }) => name), [
    "listen.ports",
    "proxy.socks_mode",
  ]);
});

for (const name of ["smp-default", "smp-options", "smp-no-log"]) {
  Deno.test({
    name: hasRecorded
      ? `the settings that init writes: ${name}`
      : `the settings that init writes: ${name} (skipped: no ../shared/vectors)`,
    ignore: !hasRecorded,
    async fn() {
      const text = await Deno.readTextFile(
        new URL(`${name}/smp-server.ini`, recorded),
      );
      const { config } = await configOf(text);
      assert.deepEqual(config.listen.ports, [5223, 443]);
      assert.equal(config.smp.expireOnSend, false);
      assert.equal(
        config.smp.createPassword,
        name === "smp-options" ? "test-password" : "",
      );
    },
  });
}
