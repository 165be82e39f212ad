import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../packages.ts";
import { TARGET, TestReleases } from "./release.ts";

const script = fileURLToPath(
  new URL("../../install/install.sh", import.meta.url),
);

const tools = await Promise.all(
  ["openssl", "systemd-sysusers", "systemctl", "cmp"].map(hasProgram),
);
/** Installs into a directory tree: takes root, and tools of a system with systemd. */
const cannotInstall = Deno.build.os !== "linux" || Deno.uid() !== 0 ||
  tools.includes(false);

/** What stands for the executable: with `--root`, nobody runs it. */
const executable = new TextEncoder().encode("#!/bin/sh\necho one\n");
const other = new TextEncoder().encode("#!/bin/sh\necho two\n");

async function install(
  args: string[],
  { path = script, programs }: { path?: string; programs?: string } = {},
) {
  const search = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [path, ...args],
    env: { PATH: programs ? `${programs}:${search}` : search },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A directory tree that looks like a system. */
async function makeRoot(): Promise<string> {
  const root = await Deno.makeTempDir();
  for (const directory of ["etc", "usr/lib/x-linux-gnu", "lib64", "lib"]) {
    await Deno.mkdir(join(root, directory), { recursive: true });
  }
  for (
    const file of [
      "lib64/ld-linux-x86-64.so.2",
      "lib/ld-linux-aarch64.so.1",
      "usr/lib/x-linux-gnu/libssl.so.3",
      "usr/lib/x-linux-gnu/libstdc++.so.6",
      "etc/passwd",
      "etc/group",
    ]
  ) await Deno.writeTextFile(join(root, file), "");
  await Deno.writeTextFile(
    join(root, "etc/os-release"),
    'PRETTY_NAME="Some Linux 1"\n',
  );
  return root;
}

async function inRoot(
  run: (
    root: string,
    releases: TestReleases,
  ) => Promise<void>,
): Promise<void> {
  await using releases = await TestReleases.start();
  const root = await makeRoot();
  try {
    await run(root, releases);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const machines: Readonly<Record<string, [Record<string, string>, RegExp]>> = {
  "a 32-bit ARM": [{ uname: "armv7l" }, /32-bit ARM.*\n.*Raspberry Pi OS/],
  "a 32-bit system": [{ getconf: "32" }, /this system is a 32-bit one/],
  "pages of 16 KiB": [{ getconf: "16384" }, /kernel=kernel8\.img/],
  "a strange processor": [{ uname: "riscv64" }, /no version for this process/],
};

for (const [name, [answers, words]] of Object.entries(machines)) {
  Deno.test(`${name} is told no, and why`, async () => {
    const programs = await Deno.makeTempDir();
    try {
      if (answers.uname) {
        await fake(programs, {
          uname: `[ "$1" = -s ] && echo Linux || echo ${answers.uname}`,
        });
      }
      if (answers.getconf) {
        const asked = answers.getconf === "32" ? "LONG_BIT" : "PAGESIZE";
        await fake(programs, {
          getconf:
            `case $1 in ${asked}) echo ${answers.getconf} ;; LONG_BIT) echo 64 ;; *) echo 4096 ;; esac`,
        });
      }
      const { code, stdout, stderr } = await install(["--dry-run"], {
        programs,
      });
      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert.match(stderr, words);
    } finally {
      await Deno.remove(programs, { recursive: true });
    }
  });
}

async function fake(
  directory: string,
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, body] of Object.entries(programs)) {
    await Deno.writeTextFile(join(directory, name), `#!/bin/sh\n${body}\n`);
    await Deno.chmod(join(directory, name), 0o755);
  }
}

Deno.test("of a script that was cut anywhere, nothing runs", async () => {
  const text = await Deno.readTextFile(script);
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "cut.sh");
    const lines = text.split("\n");
    const last = lines.lastIndexOf('main "$@"');
    assert(last > 0);
    for (let count = 20; count <= last; count += 37) {
      await Deno.writeTextFile(path, lines.slice(0, count).join("\n"));
      const { stdout } = await install(["--help"], { path });
      assert.equal(stdout, "", `after ${count} lines`);
    }
    const whole = await install(["--help"]);
    assert.match(whole.stdout, /--offline/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "install, upgrade, go back, remove",
  ignore: cannotInstall,
  fn: () =>
    inRoot(async (root, releases) => {
      const path = releases.installer;
      const programs = join(root, "usr/libexec/porchlight");
      await releases.add("1.0.0", executable);
      const dry = await install(["--root", root, "--dry-run"], { path });
      assert.equal(dry.code, 0, dry.stderr);
      assert.match(dry.stdout, /would put in place/);
      await assert.rejects(Deno.lstat(programs), Deno.errors.NotFound);

      for (const _again of [1, 2]) {
        const first = await install(["--root", root], { path });
        assert.equal(first.code, 0, first.stderr);
        assert.equal(
          await Deno.readLink(join(programs, "current")),
          "versions/1.0.0",
        );
      }
      assert.deepEqual(
        await Deno.readFile(join(programs, "current/porchlight")),
        executable,
      );
      assert.match(
        await Deno.readTextFile(join(root, "etc/passwd")),
        /^porchlight:/m,
      );
      for (const unit of ["porchlight", "porchlight-core"]) {
        const name = `${unit}.service`;
        assert.equal(
          await Deno.readTextFile(join(root, "etc/systemd/system", name)),
          await Deno.readTextFile(
            new URL(`../../systemd/${name}`, import.meta.url),
          ),
        );
      }
      await Deno.lstat(
        join(
          root,
          "etc/systemd/system/multi-user.target.wants/porchlight.service",
        ),
      );

      await releases.add("1.1.0-beta.1", other);
      await releases.add("1.1.0", other);
      assert.equal((await install(["--root", root], { path })).code, 0);
      assert.equal(
        await Deno.readLink(join(programs, "current")),
        "versions/1.1.0",
      );
      assert.equal(
        await Deno.readLink(join(programs, "previous")),
        "versions/1.0.0",
      );

      // An older release that is offered as the newest is not taken by itself.
      await releases.add("1.1.0-beta.1", other);
      const older = await install(["--root", root], { path });
      assert.equal(older.code, 1);
      assert.match(older.stderr, /--version 1\.1\.0-beta\.1/);
      const asked = ["--root", root, "--version", "1.0.0"];
      assert.equal((await install(asked, { path })).code, 0);
      assert.equal(
        await Deno.readLink(join(programs, "current")),
        "versions/1.0.0",
      );

      const data = join(root, "var/lib/porchlight");
      await Deno.mkdir(data, { recursive: true });
      const remove = ["--root", root, "--uninstall"];
      assert.equal((await install(remove, { path })).code, 0);
      await assert.rejects(Deno.lstat(programs), Deno.errors.NotFound);
      await Deno.lstat(data);
      assert.equal(
        (await install([...remove, "--delete-data"], { path })).code,
        0,
      );
      await assert.rejects(Deno.lstat(data), Deno.errors.NotFound);
    }),
});

Deno.test({
  name: "what was changed on its way is not installed",
  ignore: cannotInstall,
  fn: () =>
    inRoot(async (root, releases) => {
      const path = releases.installer;
      await releases.add("1.0.0", executable);
      const changes: [string, string, RegExp][] = [
        ["1.0.0", `porchlight-${TARGET}`, /porchlight-.* is damaged/],
        ["stable", "VERSION", /VERSION is damaged/],
        ["stable", "SHA256SUMS", /signature of the release is wrong/],
        ["stable", "SHA256SUMS.sig", /signature of the release is wrong/],
      ];
      for (const [folder, name, words] of changes) {
        const file = releases.file(folder, name);
        const before = await Deno.readFile(file);
        const changed = before.slice();
        changed[0] ^= 1;
        await Deno.writeFile(file, changed);
        const { code, stderr } = await install(["--root", root], { path });
        assert.equal(code, 1);
        assert.match(stderr, words);
        await assert.rejects(
          Deno.lstat(join(root, "usr/libexec/porchlight")),
          Deno.errors.NotFound,
        );
        await Deno.writeFile(file, before);
      }
      await using stranger = await TestReleases.start();
      const foreign = await install(["--root", root], {
        path: stranger.installer,
      });
      assert.equal(foreign.code, 1);
      const offline = [
        "--root",
        root,
        "--offline",
        releases.file("1.0.0", `porchlight-${TARGET}`),
      ];
      const strange = await install(offline, { path: stranger.installer });
      assert.match(strange.stderr, /signature of the release is wrong/);
      // The script of a checkout has no key, and trusts nothing.
      const bare = await install(offline);
      assert.match(bare.stderr, /no key to check releases with/);
      const good = await install(offline, { path });
      assert.equal(good.code, 0, good.stderr);
    }),
});

Deno.test({
  name: "shellcheck has nothing to say",
  ignore: !await hasProgram("shellcheck"),
  async fn() {
    await using releases = await TestReleases.start();
    for (
      const path of [
        script,
        releases.installer,
        ...["build/launcher.sh", "build/debian/postinst", "build/debian/prerm"]
          .map((name) =>
            fileURLToPath(new URL(`../../${name}`, import.meta.url))
          ),
      ]
    ) {
      const { code, stdout } = await new Deno.Command("shellcheck", {
        args: [path],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stdout));
    }
  },
});

Deno.test({
  name: "systemd calls the units well hardened",
  ignore: !await hasProgram("systemd-analyze"),
  async fn() {
    for (const unit of ["porchlight", "porchlight-core"]) {
      const { code, stdout, stderr } = await new Deno.Command(
        "systemd-analyze",
        {
          args: [
            "security",
            "--offline=yes",
            "--threshold=20",
            fileURLToPath(
              new URL(`../../systemd/${unit}.service`, import.meta.url),
            ),
          ],
        },
      ).output();
      const decoder = new TextDecoder();
      assert.equal(
        code,
        0,
        `${decoder.decode(stdout).slice(-300)}${decoder.decode(stderr)}`,
      );
    }
  },
});
