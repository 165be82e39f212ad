import assert from "node:assert/strict";
import { join } from "node:path";
import { restoreBackup, writeBackup } from "../../backup/mod.ts";
import { dialXftp } from "../../relay/xftp/client/mod.ts";
import { TestRelay } from "../server/harness.ts";
import { create, randomChunk } from "../xftp/harness.ts";

const keys = { passphrase: "five words that are good" };
const set = ["xftp.enabled=true", "xftp.chunk_sizes=128KB"];

function place({ relay }: TestRelay) {
  const { ports, identity: { fingerprint } } = relay;
  return { hosts: ["127.0.0.1"], port: String(ports[0]), fingerprint };
}

Deno.test("files that wait for their recipients are in a backup where that is wanted", async () => {
  const directory = await Deno.makeTempDir();
  const chunk = randomChunk();
  const old = await TestRelay.start({ set });
  let recipient;
  {
    await using client = await dialXftp(place(old));
    const access = await create(client, chunk);
    ({ recipient } = access);
    await client.upload(access.sender, chunk.content);
  }
  const backup = (name: string, withFiles: boolean) =>
    writeBackup({
      config: old.config,
      settingsFile: "",
      target: join(directory, name),
      keys,
      withFiles,
    });
  const { bytes } = await backup("all.age", true);
  const without = await backup("without.age", false);
  assert.ok(bytes > without.bytes + chunk.content.length);
  await old[Symbol.asyncDispose]();

  const restored = async (name: string) => {
    const data = join(directory, `${name}.d`);
    await restoreBackup({
      source: join(directory, name),
      directory: data,
      keys,
    });
    return await TestRelay.start({ directory: data, set });
  };
  {
    await using relay = await restored("all.age");
    await using client = await dialXftp(place(relay));
    assert.deepEqual(await client.download(recipient, chunk), chunk.content);
  }
  {
    const relay = await restored("without.age");
    await using client = await dialXftp(place(relay));
    await assert.rejects(client.download(recipient, chunk));
    // The owner is told that contents are gone.
    relay.takeErrors();
    await relay[Symbol.asyncDispose]();
  }
  await Deno.remove(directory, { recursive: true });
});
