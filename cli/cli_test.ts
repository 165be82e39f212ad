import assert from "node:assert/strict";
import { join } from "node:path";
import { connect } from "node:net";
import {
  commandLine,
  inDirectory,
  porchlight,
  RunningCommand,
} from "./testing.ts";

const local = ["--set", "listen.ports=0", "--set", "address.hosts=localhost"];
const addressPattern = /smp:\/\/[\w-]{43}=@localhost:(\d+)/;

Deno.test("help lists the commands and explains each", async () => {
  const { code, stdout } = await porchlight(["help"]);
  assert.equal(code, 0);
  const names = [...stdout.matchAll(/^ {2}([\w-]+) {2,}\S/gm)].map(([, n]) =>
    n
  );
  assert.deepEqual(names, [
    "start",
    "address",
    "status",
    "doctor",
    "stats",
    "clients",
    "queue",
    "stored-file",
    "save",
    "file",
    "probe",
    "relays",
    "init",
    "password",
    "cert",
    "backup",
    "restore",
    "import",
    "export",
    "core",
    "update",
    "version",
    "help",
  ]);
  const explained = await Promise.all(
    names.map((name) => porchlight(["help", name])),
  );
  for (const [index, { code, stdout }] of explained.entries()) {
    assert.equal(code, 0);
    assert.match(stdout, RegExp(`Usage: porchlight ${names[index]} `));
    assert.match(stdout, /-h, --help/);
    assert(stdout.split("\n").every((line) => line.length <= 80), stdout);
  }
  const flag = await porchlight(["status", "--help"]);
  assert.equal(flag.stdout, explained[names.indexOf("status")].stdout);
});

Deno.test("version prints that of deno.json", async () => {
  const url = new URL("../deno.json", import.meta.url);
  const { version } = JSON.parse(await Deno.readTextFile(url));
  const { code, stdout } = await porchlight(["version"]);
  assert.equal(code, 0);
  assert(stdout.startsWith(`porchlight ${version} (Deno `), stdout);
});

Deno.test("wrong words get the nearest command and exit code 2", async () => {
  for (
    const [args, expected] of [
      [["strat"], /no command "strat"\. Did you mean "porchlight start"\?/],
      [["help", "adress"], /Did you mean "porchlight address"\?/],
      [["frobnicate"], /The commands are: start, address/],
      [["status", "--jsno"], /no flag --jsno\. Did you mean --json\?/],
      [["init", "now"], /"now" is one word too many/],
      [[], /Usage: porchlight <command>/],
      [
        ["start", "--data", "/nowhere", "--set", "smp.mesages_per_queue=4"],
        /Did you mean smp\.messages_per_queue\?/,
      ],
    ] as const
  ) {
    const { code, stdout, stderr } = await porchlight(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, expected);
  }
});

Deno.test("init makes what is missing and never changes what is there", () =>
  inDirectory(async (parent) => {
    const data = join(parent, "relay");
    const first = await porchlight(["init", "--data", data]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /Made the identity[^]*Made the settings/);
    const files = await snapshot(data);
    assert.equal(files["."], 0o700);
    assert.equal(files["porchlight.toml"].mode, 0o600);
    assert.equal(files["ca.key"].mode, 0o600);
    assert.equal(files["server.key"].mode, 0o600);

    const again = await porchlight(["init", "--data", data]);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /Kept the identity[^]*Kept the settings/);
    assert.deepEqual(await snapshot(data), files);

    const { stdout } = await porchlight(["address", "--data", data, ...local]);
    const fingerprint = /Fingerprint: (\S+)/.exec(first.stdout)?.[1];
    const place = `${fingerprint}@localhost:0`;
    assert.equal(stdout, `smp://${place}\nxftp://${place}\n`);
  }));

Deno.test("init makes a settings file that was named, and its directory", () =>
  inDirectory(async (parent) => {
    const [data, file] = [join(parent, "data"), join(parent, "etc/my.toml")];
    const where = ["--data", data, "--config", file];
    assert.equal((await porchlight(["init", ...where])).code, 0);
    assert.match(await Deno.readTextFile(file), /^# level = "info"$/m);
    await Deno.writeTextFile(file, "[log]\nlevle = 3\n");
    const { code, stderr } = await porchlight(["init", ...where]);
    assert.equal(code, 2);
    assert.match(stderr, /my\.toml line 2: log\.levle is no setting/);
  }));

Deno.test("a place where no relay can be is told in plain words", () =>
  inDirectory(async (parent) => {
    const file = join(parent, "file");
    await Deno.writeTextFile(file, "");
    for (const data of [file, join(file, "below")]) {
      const { code, stderr } = await porchlight(["init", "--data", data]);
      assert.equal(code, 1);
      assert.match(stderr, /a file where a directory should be.*--data/);
    }
  }));

Deno.test("a stopped relay says so, without an address before there is one", () =>
  inDirectory(async (data) => {
    const status = await porchlight(["status", "--data", data]);
    assert.equal(status.code, 3);
    assert.match(
      status.stdout,
      /not running\. Start it with: porchlight start/,
    );
    const json = await porchlight(["status", "--data", data, "--json"]);
    assert.equal(json.code, 3);
    assert.deepEqual(JSON.parse(json.stdout), { state: "stopped" });
    const address = await porchlight(["address", "--data", data]);
    assert.equal(address.code, 1);
    assert.match(address.stderr, /no identity[^]*porchlight init/);
  }));

Deno.test("start runs a relay that answers, until it is told to stop", () =>
  inDirectory(async (parent) => {
    const data = join(parent, "relay");
    const where = ["--data", data, ...local];
    const relay = new RunningCommand(commandLine("start", ...where));
    try {
      const [address, port] = await relay.shows(addressPattern);
      await canConnect(Number(port));
      await relay.shows(/▀/); // the QR code
      assert(!relay.stdout.includes("\x1b"), "colours are for a terminal");

      const asked = await porchlight(["address", "--data", data]);
      const addresses = [address, address.replace(/^smp/, "xftp")];
      assert.equal(asked.stdout, `${addresses.join("\n")}\n`);
      const json = await porchlight(["address", "--data", data, "--json"]);
      assert.deepEqual(JSON.parse(json.stdout), { addresses });
      const qr = await porchlight(["address", "--data", data, "--qr"]);
      assert.match(qr.stdout, /█[^]*\nsmp:/);

      const status = await porchlight(["status", "--data", data]);
      assert.equal(status.code, 0);
      assert.match(status.stdout, /is running: all is well\./);
      const full = await porchlight(["status", "--data", data, "--json"]);
      const { state, parts } = JSON.parse(full.stdout);
      assert.equal(state, "ok");
      assert(parts.length > 0);

      const second = await porchlight(["start", ...where]);
      assert.equal(second.code, 1);
      assert.match(second.stderr, /running already/);
    } finally {
      const { code, tookMs } = await relay.stop();
      assert.equal(code, 0, relay.stderr);
      assert(tookMs < 1000, `took ${tookMs} ms`);
    }
    assert.equal(relay.stderr, "");
    await assert.rejects(Deno.lstat(join(data, "control.sock")));
  }));

Deno.test("the address outlives a restart, and a kill", () =>
  inDirectory(async (data) => {
    const command = commandLine("start", "--data", data, ...local);
    const fingerprints: string[] = [];
    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const relay = new RunningCommand(command);
      const [address] = await relay.shows(addressPattern);
      fingerprints.push(address.split("@")[0]);
      const { code } = await relay.stop(signal);
      if (signal === "SIGINT") assert.equal(code, 0, relay.stderr);
    }
    assert.equal(fingerprints[0], fingerprints[1]);
  }));

Deno.test({
  name: "a terminal gets a QR code, in colour unless NO_COLOR is set",
  ignore: Deno.build.os !== "linux", // script(1) has other flags elsewhere.
  fn: () =>
    inDirectory(async (data) => {
      const words = commandLine("start", "--data", data, ...local);
      for (const NO_COLOR of ["", "1"]) {
        const relay = new RunningCommand(
          ["script", "-qec", `exec ${words.join(" ")}`, "/dev/null"],
          { env: { NO_COLOR, TERM: "xterm-256color" } },
        );
        try {
          await relay.shows(/Ctrl-C/);
          assert.match(relay.stdout, /▀/);
          assert.equal(relay.stdout.includes("\x1b["), NO_COLOR === "");
        } finally {
          await relay.stop();
        }
      }
    }),
});

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "localhost", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

// deno-lint-ignore no-explicit-any -- the tests look into it by name
async function snapshot(directory: string): Promise<Record<string, any>> {
  const mode = async (path: string) =>
    ((await Deno.lstat(path)).mode ?? 0) & 0o777;
  const files: Record<string, unknown> = { ".": await mode(directory) };
  for await (const { name } of Deno.readDir(directory)) {
    const path = join(directory, name);
    files[name] = {
      mode: await mode(path),
      content: await Deno.readTextFile(path),
    };
  }
  return files;
}
