import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { readDescription } from "./file_description.ts";
import {
  commandLine,
  inDirectory,
  porchlight,
  RunningCommand,
} from "./testing.ts";

interface Running {
  readonly server: string;
  says(...args: string[]): Promise<string>;
  asks(...args: string[]): Promise<Record<string, unknown>>;
  fails(...args: string[]): Promise<[number, string]>;
}

async function withRelay(
  data: string,
  run: (running: Running) => Promise<void>,
): Promise<void> {
  const relay = new RunningCommand(commandLine(
    ...["start", "--data", data],
    ...[
      "listen.ports=0",
      "listen.addresses=127.0.0.1",
      "address.hosts=localhost",
      "xftp.enabled=true",
      "limits.daily_blocks=1",
    ].flatMap((setting) => ["--set", setting]),
  ));
  const ask = (args: string[]) => porchlight([...args, "--data", data]);
  const says = async (...args: string[]) => {
    const { code, stdout, stderr } = await ask(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  try {
    const [server] = await relay.shows(/xftp:\/\/\S+@localhost:\d+/);
    await run({
      server,
      says,
      asks: async (...args) => JSON.parse(await says(...args, "--json")),
      fails: async (...args) => {
        const { code, stderr } = await ask(args);
        return [code, stderr];
      },
    });
  } finally {
    await relay.stop();
  }
}

async function sent(
  directory: string,
  { server, name }: { server: string; name: string },
): Promise<string> {
  const path = join(directory, name);
  await Deno.writeFile(path, randomFillSync(new Uint8Array(200_000)));
  const { code, stderr } = await porchlight(
    ["file", "send", path, "--server", server, "-n", "2", "-o", directory],
  );
  assert.equal(code, 0, stderr);
  return `${path}.xftp`;
}

Deno.test("an owner looks at a file, blocks it and deletes it", () =>
  inDirectory(async (directory) => {
    const data = join(directory, "relay");
    await withRelay(data, async ({ server, says, asks, fails }) => {
      const bad = await sent(directory, { server, name: "bad.jpg" });
      const other = await sent(directory, { server, name: "other.jpg" });
      const [first, second] = ["rcv1.xftp", "rcv2.xftp"].map((name) =>
        join(bad, name)
      );
      const whole = await says("stored-file", "status", first);
      assert.match(whole, /^Here: (?:1 piece|\d pieces) of .+, from 20/);
      assert.doesNotMatch(whole, /Blocked|Not uploaded|Not on this relay/);

      const done = await asks(
        ...["stored-file", "block", first, "--reason", "content"],
      );
      assert(Number(done.changed) > 0);
      assert.equal(done.missing, 0);
      // Another recipient is told why, too.
      const receive = await porchlight(["file", "receive", second, "--yes"]);
      assert.equal(receive.code, 1);
      assert.match(receive.stderr, /blocked/i);
      const blocked = await says("stored-file", "status", second);
      assert.match(blocked, /^Blocked: \d, for content\.$/m);

      const { chunks } = await readDescription(join(other, "rcv1.xftp"));
      const id = chunks[0].replicas[0].replicaId
        .toBase64({ alphabet: "base64url" });
      const [, refused] = await fails(
        ...["stored-file", "block", id, "--reason", "spam"],
      );
      assert.match(refused, /limits\.daily_blocks/);
      assert.equal((await asks("stored-file", "delete", id)).changed, 1);
      const [, gone] = await fails("stored-file", "status", id);
      assert.match(gone, /no such file/);
      assert(!gone.includes(id));

      const stats = await says("stats");
      assert.match(stats, /^ +files blocked +[1-9]/m);
      assert.match(stats, /^ +files deleted +1 +1$/m);
    });
    // The counts, and with them the limit, outlive a restart.
    await withRelay(data, async ({ asks, fails }) => {
      const { files } = await asks("stats");
      assert(typeof files === "object" && files !== null && "total" in files);
      const { total } = files;
      assert(typeof total === "object" && total !== null);
      assert("blockRequests" in total && "filesDeleted" in total);
      assert.equal(total.blockRequests, 1);
      assert.equal(total.filesDeleted, 1);
      const other = join(directory, "bad.jpg.xftp", "rcv1.xftp");
      const [, refused] = await fails(
        ...["stored-file", "block", other, "--reason", "spam"],
      );
      assert.match(refused, /limits\.daily_blocks/);
    });
  }));

Deno.test("wrong words about files are told", () =>
  inDirectory(async (directory) => {
    const id = "AAAAAAAAAAAAAAAAAAAAAA==";
    for (
      const [words, code, expected] of [
        [[], 2, /status\|block\|delete FILE/],
        [["unblock", id], 2, /status\|block\|delete FILE/],
        [["block", id], 2, /--reason spam or --reason content/],
        [["status", id, "--reason", "spam"], 2, /for blocking/],
        [["status", "nothing"], 1, /no such file/],
        [["status", id], 1, /not running/],
      ] as const
    ) {
      const finished = await porchlight(
        ["stored-file", ...words, "--data", directory],
      );
      assert.equal(finished.code, code, finished.stderr);
      assert.match(finished.stderr, expected);
    }
  }));
