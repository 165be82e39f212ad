import assert from "node:assert/strict";
import { join } from "node:path";
import { generateAuthKeyPair, randomBytes } from "../../crypto/mod.ts";
import { openSqliteStore } from "../../store/mod.ts";
import { openDiskFileStore } from "./mod.ts";

Deno.test("a file cannot have recipients without end", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using store = await openSqliteStore({ dir: directory });
    await using files = await openDiskFileStore({
      store,
      directory: join(directory, "files"),
      quota: 1024 ** 2,
    });
    const key = generateAuthKeyPair("ed25519").publicKey.spki;
    const recipients = (count: number) =>
      Array.from({ length: count }, () => ({
        recipientId: randomBytes(16),
        key,
      }));
    const add = async (senderId: Uint8Array) =>
      await files.add({
        senderId,
        senderKey: key,
        size: 65536,
        digest: randomBytes(32),
        createdAt: 0,
      }, recipients(1));
    const [one, other] = [randomBytes(16), randomBytes(16)];
    assert.equal(await add(one), "ok");
    assert.equal(await add(other), "ok");
    assert.equal(await files.addRecipients(one, recipients(5000)), "ok");
    assert.equal(await files.addRecipients(one, recipients(4999)), "ok");
    assert.equal(await files.addRecipients(one, recipients(1)), "full");
    assert.equal(await files.addRecipients(other, recipients(255)), "ok");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
