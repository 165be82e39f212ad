/** Chunks from sender to recipients: the reference's `XFTPServerTests`. */
import assert from "node:assert/strict";
import { generateAuthKeyPair, sha256 } from "../../relay/crypto/mod.ts";
import { STORE_FILE } from "../../relay/store/mod.ts";
import { CHUNK, create, Harness, randomChunk, refusalOf } from "./harness.ts";

for (const algorithm of ["ed25519", "ed448", "x25519"] as const) {
  Deno.test(`a chunk goes through (${algorithm})`, async () => {
    await using harness = await Harness.start();
    await using sender = await harness.client();
    await using recipient = await harness.client();
    const chunk = randomChunk(undefined, algorithm);
    const access = await create(sender, chunk);
    await sender.upload(access.sender, chunk.content);
    const wrong = { ...chunk, digest: sha256(chunk.digest) };
    const other = await create(sender, wrong);
    assert.equal(
      await refusalOf(sender.upload(other.sender, chunk.content)),
      "DIGEST",
    );
    const received = await recipient.download(access.recipient, chunk);
    assert.deepEqual(received, chunk.content);
    assert.equal(harness.contents().length, 1);
    assert.deepEqual(harness.errors, []);
  });
}

Deno.test("recipients can be added", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender } = await create(client, chunk);
  const keys = [generateAuthKeyPair("ed25519"), generateAuthKeyPair("ed448")];
  const ids = await client.addRecipients(
    sender,
    keys.map(({ publicKey }) => publicKey),
  );
  await client.upload(sender, chunk.content);
  for (const [index, id] of ids.entries()) {
    const access = { id, key: keys[index].privateKey };
    assert.deepEqual(await client.download(access, chunk), chunk.content);
  }
  assert.equal(harness.statistics.get("fileRecipients"), 3);
});

Deno.test("a deleted chunk is gone for everybody", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  assert.equal(await refusalOf(client.download(recipient, chunk)), "NO_FILE");
  await client.upload(sender, chunk.content);
  await client.delete(sender);
  assert.deepEqual(harness.contents(), []);
  assert.equal(await refusalOf(client.download(recipient, chunk)), "AUTH");
  assert.equal(await refusalOf(client.delete(sender)), "AUTH");
  assert.equal(harness.files.counts().bytesUsed, 0);
});

Deno.test("an acknowledged chunk is gone for its recipient alone", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  const other = generateAuthKeyPair("ed25519");
  const [id] = await client.addRecipients(sender, [other.publicKey]);
  await client.upload(sender, chunk.content);
  await client.download(recipient, chunk);
  await client.acknowledge(recipient);
  assert.equal(await refusalOf(client.download(recipient, chunk)), "AUTH");
  assert.equal(await refusalOf(client.acknowledge(recipient)), "AUTH");
  await client.download({ id, key: other.privateKey }, chunk);
});

Deno.test("chunks of other sizes are refused", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const create96 = create(client, randomChunk(96 * 1024));
  assert.equal(await refusalOf(create96), "SIZE");
  const chunk = randomChunk();
  const { sender } = await create(client, chunk);
  for (const size of [0, 1, CHUNK - 1, CHUNK + 1, 3 * CHUNK]) {
    const upload = client.upload(sender, new Uint8Array(size));
    assert.equal(await refusalOf(upload), "SIZE", `${size} bytes`);
  }
  await client.upload(sender, chunk.content);
  assert.equal(harness.contents().length, 1);
});

Deno.test("another key is refused", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  const { privateKey: key } = generateAuthKeyPair("ed25519");
  const upload = client.upload({ ...sender, key }, chunk.content);
  assert.equal(await refusalOf(upload), "AUTH");
  await client.upload(sender, chunk.content);
  for (const id of [sender.id, recipient.id, new Uint8Array(16)]) {
    const access = { id, key };
    assert.equal(await refusalOf(client.download(access, chunk)), "AUTH");
    assert.equal(await refusalOf(client.delete(access)), "AUTH");
  }
  // Not even the right key with the other role's ID.
  const swapped = { id: sender.id, key: recipient.key };
  assert.equal(await refusalOf(client.download(swapped, chunk)), "AUTH");
});

Deno.test("old chunks are deleted", async () => {
  let now = Date.now();
  await using harness = await Harness.start({
    now: () => now,
    xftp: { fileTtlSeconds: 3600, fileExpiryCheckMs: 50 },
  });
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  await client.upload(sender, chunk.content);
  now += 3600 * 1000;
  await new Promise((resolve) => setTimeout(resolve, 150));
  await client.download(recipient, chunk);
  now += 2 * 3600 * 1000;
  await until(() => harness.files.counts().files === 0);
  assert.equal(await refusalOf(client.download(recipient, chunk)), "AUTH");
  assert.equal(await refusalOf(client.delete(sender)), "AUTH");
  assert.deepEqual(harness.contents(), []);
  assert.equal(harness.statistics.get("filesExpired"), 1);
});

Deno.test("silent clients are disconnected", async () => {
  await using harness = await Harness.start({
    xftp: { inactiveAfterMs: 300, inactiveCheckMs: 50 },
  });
  await using client = await harness.client();
  await client.ping();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(client.open);
  await client.ping();
  await until(() => !client.open);
});

Deno.test("the storage quota holds, and space comes back", async () => {
  await using harness = await Harness.start({ files: { quota: 2 * CHUNK } });
  await using client = await harness.client();
  const chunk = randomChunk();
  const first = await create(client, chunk);
  await client.upload(first.sender, chunk.content);
  const second = await create(client, chunk);
  await client.upload(second.sender, chunk.content);
  await client.download(second.recipient, chunk);
  const third = await create(client, chunk);
  const refused = client.upload(third.sender, chunk.content);
  assert.equal(await refusalOf(refused), "QUOTA");
  await client.delete(first.sender);
  await client.upload(third.sender, chunk.content);
  assert.deepEqual(
    await client.download(third.recipient, chunk),
    chunk.content,
  );
  assert.equal(harness.files.counts().bytesUsed, 2 * CHUNK);
  assert.equal(harness.files.counts().bytesReserved, 0);
});

Deno.test("everything is there after a restart", async () => {
  await using harness = await Harness.start();
  const chunk = randomChunk();
  let access;
  {
    await using client = await harness.client();
    access = await create(client, chunk);
    await client.upload(access.sender, chunk.content);
  }
  await harness.close();
  await harness.open();
  await using client = await harness.client();
  await client.download(access.recipient, chunk);
  assert.equal(harness.files.counts().bytesUsed, CHUNK);
  await client.delete(access.sender);
});

for (
  const [newFiles, required, given, allowed] of [
    [true, "pwd", undefined, false],
    [true, "pwd", "wrong", false],
    [false, "pwd", "pwd", false],
    [true, "pwd", "pwd", true],
    [true, undefined, "any", true],
  ] as const
) {
  Deno.test(`password ${required}, given ${given}, new files ${newFiles}`, async () => {
    await using harness = await Harness.start({
      xftp: {
        newFiles,
        createPassword: required && new TextEncoder().encode(required),
      },
    });
    await using client = await harness.client();
    const refusal = await refusalOf(create(client, randomChunk(), given));
    assert.equal(refusal, allowed ? "no error" : "AUTH");
  });
}

Deno.test("what was uploaded does not change", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  const other = randomChunk();
  assert.equal(await refusalOf(client.upload(sender, other.content)), "DIGEST");
  await client.upload(sender, chunk.content);
  await client.upload(sender, other.content);
  assert.deepEqual(await client.download(recipient, chunk), chunk.content);
});

Deno.test("a blocked chunk says why", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  await client.upload(sender, chunk.content);
  const info = { reason: "content" } as const;
  assert.ok(await harness.server.blockFile(recipient.id, info));
  assert.equal(await refusalOf(client.download(recipient, chunk)), "BLOCKED");
  assert.equal(
    await refusalOf(client.upload(sender, chunk.content)),
    "BLOCKED",
  );
  assert.deepEqual(harness.contents(), []);
  assert.equal(harness.files.counts().bytesUsed, 0);
});

Deno.test("what a crash leaves behind is put in order", async () => {
  await using harness = await Harness.start();
  const chunk = randomChunk();
  let kept;
  let lost;
  let announced;
  let deleting;
  {
    await using client = await harness.client();
    kept = await create(client, chunk);
    await client.upload(kept.sender, chunk.content);
    lost = await create(client, chunk);
    await client.upload(lost.sender, chunk.content);
    announced = await create(client, chunk);
    deleting = await create(client, chunk);
    await client.upload(deleting.sender, chunk.content);
  }
  await harness.close();
  const path = (name: string) => `${harness.filesDirectory}/${name}`;
  const nameOf = (id: Uint8Array) => id.toBase64({ alphabet: "base64url" });
  await Deno.truncate(path(nameOf(lost.sender.id)), 1000);
  const content = new Uint8Array(10);
  // Crashes between the name and the row, and between a row and its content.
  await Deno.writeFile(path(nameOf(announced.sender.id)), content);
  await Deno.writeFile(path("AAAA.deleted.tmp"), content);
  await Deno.rename(
    path(nameOf(deleting.sender.id)),
    path(`${nameOf(deleting.sender.id)}.deleted.tmp`),
  );
  await Deno.writeFile(path("BBBB.123456.tmp"), new Uint8Array(10));
  await harness.open();
  assert.deepEqual(harness.files.reconciliation, {
    temporary: 1,
    orphans: 3,
    found: 0,
    lost: 1,
    unknown: 0,
  });
  assert.equal(harness.contents().length, 2);
  assert.equal(harness.files.counts().bytesUsed, 2 * CHUNK);
  await using client = await harness.client();
  await client.download(deleting.recipient, chunk);
  await client.download(kept.recipient, chunk);
  const missing = client.download(lost.recipient, chunk);
  assert.equal(await refusalOf(missing), "NO_FILE");
  await client.upload(lost.sender, chunk.content);
  await client.download(lost.recipient, chunk);
});

Deno.test("a disk that was not mounted is taken back", async () => {
  await using harness = await Harness.start();
  const chunk = randomChunk();
  let access;
  {
    await using client = await harness.client();
    access = await create(client, chunk);
    await client.upload(access.sender, chunk.content);
  }
  await harness.close();
  const away = `${harness.directory}/away`;
  await Deno.rename(harness.filesDirectory, away);
  await harness.open();
  assert.equal(harness.files.reconciliation.lost, 1);
  await harness.close();
  await Deno.remove(harness.filesDirectory, { recursive: true });
  await Deno.rename(away, harness.filesDirectory);
  await harness.open();
  assert.equal(harness.files.reconciliation.found, 1);
  assert.equal(harness.files.counts().bytesUsed, CHUNK);
  await using client = await harness.client();
  const content = await client.download(access.recipient, chunk);
  assert.deepEqual(content, chunk.content);
});

Deno.test("contents of another database are left alone", async () => {
  const DAY = 24 * 3600;
  let now = Date.now();
  const options = {
    now: () => now,
    xftp: { fileTtlSeconds: 2 * DAY, fileExpiryCheckMs: 50 },
  };
  await using harness = await Harness.start(options);
  const chunk = randomChunk();
  {
    await using client = await harness.client();
    const { sender } = await create(client, chunk);
    await client.upload(sender, chunk.content);
  }
  await harness.close();
  const stranger = `${harness.filesDirectory}/read-me.txt`;
  await Deno.writeTextFile(stranger, "of somebody else");
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(`${harness.directory}/${STORE_FILE}${suffix}`).catch(
      () => {},
    );
  }
  await harness.open(options);
  assert.deepEqual(harness.files.reconciliation, {
    temporary: 0,
    orphans: 0,
    found: 0,
    lost: 0,
    unknown: 1,
  });
  assert.deepEqual(harness.files.unknown, { contents: 1, bytes: CHUNK });
  assert.equal(harness.contents().length, 2);
  now += 2 * DAY * 1000 + 2 * 3_600_000;
  await until(() => harness.files.unknown.contents === 0);
  await until(() => harness.contents().length === 1);
  assert.equal(await Deno.readTextFile(stranger), "of somebody else");
});

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 250; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("not within 5 s");
}
