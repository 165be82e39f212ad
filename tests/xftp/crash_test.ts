/** `kill -9` while chunks are uploaded, downloaded and deleted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startChild } from "../crash/child.ts";
import { dialXftp, type XftpClient } from "../../relay/xftp/client/mod.ts";
import { openSqliteStore } from "../../relay/store/mod.ts";
import { openDiskFileStore } from "../../relay/xftp/store/mod.ts";
import {
  type Access,
  create,
  randomChunk,
  refusalOf,
  type TestChunk,
} from "./harness.ts";

const ROUNDS = 6;
const SIZE = 256 * 1024;

interface Known {
  readonly chunk: TestChunk;
  readonly access: Access;
}

Deno.test("no acknowledged chunk is lost by kill -9, and none is left over", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const stored: Known[] = [];
    const deleted: Known[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const child = await start(directory);
      const clients = await Promise.all(
        Array.from({ length: 3 }, () => connect(child)),
      );
      await check(clients[0], { stored, deleted });
      const work = Promise.all(
        clients.map((client) => transfer(client, { stored, deleted })),
      );
      await new Promise((resolve) =>
        setTimeout(resolve, 60 + Math.random() * 250)
      );
      await child.kill();
      await work;
      await Promise.all(clients.map((client) => client.close()));
    }
    assert.ok(stored.length + deleted.length > ROUNDS);
    const child = await start(directory);
    {
      await using client = await connect(child);
      await check(client, { stored, deleted });
    }
    await child.stop();
    await checkDisk(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

function start(directory: string) {
  return startChild({
    directory,
    quota: 128,
    fsyncDelay: 0,
    syncTrace: join(directory, "trace"),
    set: ["xftp.enabled=true"],
  });
}

function connect(
  { port, fingerprint }: { port: number; fingerprint: Uint8Array },
): Promise<XftpClient> {
  return dialXftp({ hosts: ["127.0.0.1"], port: String(port), fingerprint });
}

/** Sends, fetches and deletes chunks until the relay is gone. */
async function transfer(
  client: XftpClient,
  { stored, deleted }: { stored: Known[]; deleted: Known[] },
): Promise<void> {
  try {
    for (let turn = 0;; turn++) {
      const chunk = randomChunk(SIZE);
      const access = await create(client, chunk);
      await client.upload(access.sender, chunk.content);
      const known = { chunk, access };
      if (turn % 3 === 2) {
        // Whether it is gone is not known until the relay says so.
        await client.delete(access.sender);
        deleted.push(known);
        continue;
      }
      stored.push(known);
      await client.download(access.recipient, chunk);
    }
  } catch (error) {
    // The relay was killed; what it did wrong shows in what it has kept.
    assert.ok(error instanceof Error);
  }
}

async function check(
  client: XftpClient,
  { stored, deleted }: { stored: readonly Known[]; deleted: readonly Known[] },
): Promise<void> {
  for (const { chunk, access } of stored) {
    const content = await client.download(access.recipient, chunk);
    assert.deepEqual(content, chunk.content);
  }
  for (const { chunk, access } of deleted) {
    const download = client.download(access.recipient, chunk);
    assert.equal(await refusalOf(download), "AUTH");
  }
}

/** Every content belongs to a file, and the used space is that of the files. */
async function checkDisk(directory: string): Promise<void> {
  const folder = join(directory, "files");
  await using store = await openSqliteStore({ dir: directory });
  await using files = await openDiskFileStore({
    store,
    directory: folder,
    quota: 1024 ** 3,
  });
  assert.deepEqual(files.reconciliation, {
    temporary: 0,
    orphans: 0,
    lost: 0,
  });
  const sizes = Array.from(
    Deno.readDirSync(folder),
    ({ name }) => Deno.statSync(join(folder, name)).size,
  );
  const { uploaded, bytesUsed } = files.counts();
  assert.equal(sizes.length, uploaded);
  assert.equal(sizes.reduce((sum, size) => sum + size, 0), bytesUsed);
}
