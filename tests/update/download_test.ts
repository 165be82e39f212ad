import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { download } from "../../update/download.ts";
import { UpdateError } from "../../update/mod.ts";
import { serveDirectory } from "./file_server.ts";

const SIZE = 3_000_000;
const NAME = "porchlight-test";

/** A file on a web server, and a directory to fetch it to. */
async function withFile(
  run: (world: {
    wanted: { url: string; length: number; sha256: string };
    server: ReturnType<typeof serveDirectory>;
    served: string;
    directory: string;
  }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const bytes = randomBytes(SIZE);
  const served = join(directory, NAME);
  await Deno.writeFile(served, bytes);
  const server = serveDirectory(directory);
  try {
    const url = `${server.url}/${NAME}`;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await run({
      wanted: { url, length: SIZE, sha256 },
      server,
      served,
      directory,
    });
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

function refused(code: UpdateError["code"]) {
  return (error: unknown) =>
    error instanceof UpdateError && error.code === code;
}

Deno.test("a download that breaks off goes on where it was", async () => {
  await withFile(async ({ wanted, server, served, directory }) => {
    server.cuts.push(1_000_000, 500_000);
    const path = join(directory, "fetched");
    await download(wanted, path);
    assert.deepEqual(await Deno.readFile(path), await Deno.readFile(served));
    const ranges = server.asked.map((each) => each.split(" ")[1]);
    assert.equal(ranges.length, 3, server.asked.join());
    assert.equal(ranges[0], undefined);
    assert(ranges.slice(1).every((range) => /^bytes=[1-9]/.test(range)));
  });
});

Deno.test("what another process fetched counts", async () => {
  await withFile(async ({ wanted, server, served, directory }) => {
    const path = join(directory, "fetched");
    const bytes = await Deno.readFile(served);
    await Deno.writeFile(path, bytes.slice(0, 2_000_000));
    await download(wanted, path);
    assert.deepEqual(server.asked, [`/${NAME} bytes=2000000-`]);
    assert.deepEqual(await Deno.readFile(path), bytes);
  });
});

Deno.test("another file than the signed one is thrown away", async () => {
  await withFile(async ({ wanted, served, directory }) => {
    const bytes = await Deno.readFile(served);
    bytes[SIZE - 1] ^= 1;
    await Deno.writeFile(served, bytes);
    const path = join(directory, "fetched");
    await assert.rejects(download(wanted, path), refused("untrusted"));
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  });
});

Deno.test("a server that has it no more is not asked for ever", async () => {
  await withFile(async ({ wanted, server, directory }) => {
    const url = `${wanted.url}-gone`;
    const path = join(directory, "fetched");
    await assert.rejects(
      download({ ...wanted, url }, path, { tries: 2 }),
      refused("unreachable"),
    );
    assert.equal(server.asked.length, 2);
  });
});

Deno.test({
  name: "a full disk ends a download, and is given back what it took",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await withFile(async ({ wanted, directory }) => {
      const disk = join(directory, "disk");
      await Deno.mkdir(disk);
      await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
      try {
        const path = join(disk, "fetched");
        await assert.rejects(download(wanted, path), refused("no room"));
        await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
      } finally {
        await run("umount", disk);
      }
    });
  },
});

async function run(program: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args }).output();
  assert(success, `${program} ${args.join(" ")}`);
}
