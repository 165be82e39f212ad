/**
 * Files between `porchlight file` and other programs.
 *
 * `PORCHLIGHT_REFERENCE_XFTP` names the reference's `xftp`; without it only
 * our own end is tested.
 */
import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  commandLine,
  type Finished,
  inDirectory,
  porchlight,
  RunningCommand,
  spawn,
} from "../../cli/testing.ts";

const xftp = Deno.env.get("PORCHLIGHT_REFERENCE_XFTP");
const SIZE = 17 * 1024 ** 2;

interface Setting {
  /** The relay's address. */
  readonly server: string;
  readonly directory: string;
  /** The file to send. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** A relay as users start it, and a file of 17 MB. */
async function withRelay(run: (setting: Setting) => Promise<void>) {
  await inDirectory(async (directory) => {
    const relay = new RunningCommand(commandLine(
      ...["start", "--data", join(directory, "relay")],
      ...["--set", "listen.ports=0", "--set", "address.hosts=localhost"],
      ...["--set", "xftp.enabled=true"],
    ));
    try {
      const [server] = await relay.shows(/xftp:\/\/\S+@localhost:\d+/);
      const path = join(directory, "holiday.jpg");
      const content = new Uint8Array(SIZE);
      randomFillSync(content);
      await Deno.writeFile(path, content);
      await run({ server, directory, path, content });
    } finally {
      const { code } = await relay.stop();
      assert.equal(code, 0, relay.stderr);
    }
  });
}

/** Runs the reference's `xftp`. */
async function reference(program: string, ...args: string[]): Promise<void> {
  const { success, stdout } = await spawn([program, ...args]).output();
  assert.ok(success, new TextDecoder().decode(stdout));
}

function ended({ code, stdout, stderr }: Finished): string {
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("file send, receive and delete", () =>
  withRelay(async ({ server, directory, path, content }) => {
    const sent = await porchlight(
      ["file", "send", path, "--server", server, "-n", "2", "-o", directory],
    );
    assert.match(ended(sent), /Sent holiday\.jpg: 18 MB in 6 parts/);
    assert.match(sent.stderr, /Uploading: 100 %/);
    const descriptions = `${path}.xftp`;
    const [one, two, mine] = ["rcv1.xftp", "rcv2.xftp", "snd.xftp.private"]
      .map((name) => join(descriptions, name));
    assert.equal(await modeOf(descriptions), 0o700);
    for (const file of [one, two, mine]) {
      assert.equal(await modeOf(file), 0o600);
    }
    const received = await porchlight(
      ["file", "receive", one, "-o", directory, "--yes"],
    );
    assert.match(ended(received), /Received .*holiday_1\.jpg \(17 MB\)/);
    await assert.rejects(Deno.stat(one), Deno.errors.NotFound);
    assert.deepEqual(
      await Deno.readFile(join(directory, "holiday_1.jpg")),
      content,
    );
    const wrong = await porchlight(["file", "delete", two]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /recipient's description/);
    ended(await porchlight(["file", "delete", mine, "--yes"]));
    const gone = await porchlight(["file", "receive", two, "-o", directory]);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /no such file any more/);
    assert.ok((await Deno.stat(two)).isFile);
  }));

Deno.test("mistakes are explained before anything is sent", async () => {
  const cases: [string[], RegExp][] = [
    [[], /Say what to do/],
    [["sned", "x"], /Say what to do/],
    [["send", "x"], /--server/],
    [["send", "x", "--server", "smp://nonsense"], /--server/],
    [["send", "x", "--server", "x", "--yes"], /not for "file send"/],
    [["receive", "x", "-n", "2"], /not for "file receive"/],
    [["receive", "x", "--socks-proxy", "a b"], /--socks-proxy/],
  ];
  const ran = await Promise.all(
    cases.map(([args]) => porchlight(["file", ...args])),
  );
  for (const [i, { code, stderr }] of ran.entries()) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, cases[i][1]);
  }
  const absent = await porchlight(["file", "receive", "/nonexistent/x"]);
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /no such file/);
});

Deno.test({
  name: xftp === undefined
    ? "the reference receives what we send, and we what it sends " +
      "(PORCHLIGHT_REFERENCE_XFTP names no xftp)"
    : "the reference receives what we send, and we what it sends",
  ignore: xftp === undefined,
  fn: () =>
    withRelay(async ({ server, directory, path, content }) => {
      const program = xftp ?? "";
      const tmp = `--tmp=${directory}`;
      const out = join(directory, "out");
      await Deno.mkdir(out);
      const arrived = async (name: string) =>
        assert.deepEqual(await Deno.readFile(join(out, name)), content);

      ended(
        await porchlight(
          ["file", "send", path, "--server", server, "-o", directory],
        ),
      );
      const ours = `${path}.xftp`;
      await reference(
        program,
        ...["recv", join(ours, "rcv1.xftp"), out, tmp, "-y"],
      );
      await arrived("holiday.jpg");
      await reference(program, "del", join(ours, "snd.xftp.private"), "-y");
      await Deno.remove(ours, { recursive: true });

      await reference(program, "send", path, directory, "-s", server, tmp);
      ended(
        await porchlight(
          ["file", "receive", join(ours, "rcv1.xftp"), "-o", out, "--yes"],
        ),
      );
      await arrived("holiday_1.jpg");
      ended(
        await porchlight(
          ["file", "delete", join(ours, "snd.xftp.private"), "--yes"],
        ),
      );
    }),
});
