/** Files from one person to another through relays, and what can go wrong. */
import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import type { ServerAddress } from "../../relay/smp/mod.ts";
import {
  type FileDescription,
  formatFileDescription,
  parseFileDescription,
} from "../../relay/xftp/description/mod.ts";
import {
  deleteFile,
  receiveFile,
  sendFile,
  TransferError,
} from "../../relay/xftp/transfer/mod.ts";
import { CuttingProxy } from "./cutting_proxy.ts";
import { Harness } from "./harness.ts";

function addressOf(
  { identity, port }: Harness,
  more: Partial<ServerAddress> = {},
): ServerAddress {
  return {
    scheme: "xftp",
    hosts: ["127.0.0.1"],
    port: String(port),
    fingerprint: identity.fingerprint,
    ...more,
  };
}

/** Two directories, for the sender and the recipient. */
async function inDirectories(
  run: (there: string, here: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const [there, here] = [join(directory, "there"), join(directory, "here")];
    for (const each of [there, here]) await Deno.mkdir(each);
    await run(there, here);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function randomFile(path: string, size: number): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  if (size > 0) randomFillSync(content);
  await Deno.writeFile(path, content);
  return content;
}

const names = (directory: string) =>
  Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();

/** The description as the other one gets it. */
const handOver = (description: FileDescription) =>
  parseFileDescription(formatFileDescription(description));

function isTransferError(code: TransferError["code"]) {
  return (error: unknown) =>
    error instanceof TransferError && error.code === code;
}

for (const size of [0, 1, 200_000, 3 * 1024 ** 2 + 5, 9_000_000]) {
  Deno.test(`a file of ${size} bytes arrives, once for each recipient`, async () => {
    await using relay = await Harness.start();
    await inDirectories(async (there, here) => {
      const path = join(there, "some file.bin");
      const content = await randomFile(path, size);
      let started = 0;
      let progress = 0;
      const sent = await sendFile(path, {
        servers: [addressOf(relay)],
        recipients: 2,
        onStart: (total) => started = total,
        onProgress: (bytes) => progress += bytes,
      });
      assert.equal(progress, started);
      assert.equal(sent.sender.size, started);
      assert.equal(relay.contents().length, sent.sender.chunks.length);
      for (const [i, name] of ["some file.bin", "some file_1.bin"].entries()) {
        const received = await receiveFile(handOver(sent.recipients[i]), {
          directory: here,
        });
        assert.deepEqual(received, {
          path: join(here, name),
          size,
          acknowledged: true,
        });
        assert.deepEqual(await Deno.readFile(received.path), content);
      }
      await assert.rejects(
        receiveFile(handOver(sent.recipients[0]), { directory: here }),
        isTransferError("relay"),
      );
      assert.deepEqual(names(here), ["some file.bin", "some file_1.bin"]);
      assert.deepEqual(relay.errors, []);
    });
  });
}

Deno.test("a deleted file is gone for everybody", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there, here) => {
    const path = join(there, "a");
    await randomFile(path, 600_000);
    const servers = [addressOf(relay)];
    const { sender, recipients } = await sendFile(path, {
      servers,
      recipients: 1,
    });
    const chunks = sender.chunks.length;
    await assert.rejects(
      deleteFile(recipients[0]),
      isTransferError("content"),
    );
    assert.deepEqual(await deleteFile(handOver(sender)), {
      deleted: chunks,
      gone: 0,
    });
    assert.deepEqual(relay.contents(), []);
    assert.deepEqual(await deleteFile(sender), { deleted: 0, gone: chunks });
    await assert.rejects(
      receiveFile(recipients[0], { directory: here }),
      isTransferError("relay"),
    );
    assert.deepEqual(names(here), []);
  });
});

Deno.test("a relay that refuses is passed over; passwords are not handed on", async () => {
  const createPassword = new TextEncoder().encode("secret");
  await using closed = await Harness.start({ xftp: { createPassword } });
  await using open = await Harness.start();
  await inDirectories(async (there, here) => {
    const path = join(there, "a");
    const content = await randomFile(path, 700_000);
    const wrong = addressOf(closed, { password: "guess" });
    await assert.rejects(
      sendFile(path, { servers: [wrong], recipients: 1 }),
      isTransferError("relay"),
    );
    const other = await sendFile(path, {
      servers: [wrong, addressOf(open)],
      recipients: 1,
    });
    assert.deepEqual(closed.contents(), []);
    assert.equal(open.contents().length, other.sender.chunks.length);
    const right = addressOf(closed, { password: "secret" });
    const { recipients: [description] } = await sendFile(path, {
      servers: [right],
      recipients: 1,
    });
    assert.ok(!formatFileDescription(description).includes("secret"));
    const { path: got } = await receiveFile(description, { directory: here });
    assert.deepEqual(await Deno.readFile(got), content);
  });
});

Deno.test("what was uploaded is deleted when the rest has no space", async () => {
  await using relay = await Harness.start({ files: { quota: 5 * 1024 ** 2 } });
  await inDirectories(async (there) => {
    const path = join(there, "a");
    await randomFile(path, 9 * 1024 ** 2);
    await assert.rejects(
      sendFile(path, { servers: [addressOf(relay)], recipients: 1 }),
      (error) =>
        error instanceof TransferError && error.code === "relay" &&
        /no space/.test(error.message),
    );
    assert.deepEqual(relay.contents(), []);
    assert.equal(relay.files.counts().files, 0);
  });
});

Deno.test("broken connections are made again, in both directions", async () => {
  await using relay = await Harness.start();
  await using proxy = new CuttingProxy(relay.port);
  await inDirectories(async (there, here) => {
    const path = join(there, "a");
    const content = await randomFile(path, 12 * 1024 ** 2);
    const servers = [addressOf(relay, { port: String(proxy.port) })];
    const retried: string[] = [];
    const onRetry = (_relay: unknown, { message }: Error) =>
      void retried.push(message);
    let progress = 0;
    const onProgress = (bytes: number) => progress += bytes;
    proxy.cutAfter(3_000_000);
    const sent = await sendFile(path, {
      servers,
      recipients: 1,
      onRetry,
      onProgress,
    });
    assert.equal(progress, sent.sender.size);
    assert.ok(retried.length > 0);
    retried.length = 0;
    proxy.cutAfter(5_000_000);
    const { path: got } = await receiveFile(sent.recipients[0], {
      directory: here,
      onRetry,
    });
    assert.ok(retried.length > 0);
    assert.deepEqual(await Deno.readFile(got), content);
  });
});

Deno.test("nothing is kept of a file that was changed", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there, here) => {
    const path = join(there, "a");
    await randomFile(path, 5 * 1024 ** 2);
    const { recipients } = await sendFile(path, {
      servers: [addressOf(relay)],
      recipients: 3,
    });
    const [one, two, three] = recipients;
    // Another key than that of the file, and another digest.
    await assert.rejects(
      receiveFile({ ...one, key: new Uint8Array(32) }, { directory: here }),
      isTransferError("content"),
    );
    await assert.rejects(
      receiveFile({ ...two, digest: new Uint8Array(64) }, { directory: here }),
      isTransferError("content"),
    );
    for (const name of relay.contents()) {
      const file = join(relay.filesDirectory, name);
      const content = await Deno.readFile(file);
      content[content.length - 1] ^= 1;
      await Deno.writeFile(file, content);
    }
    await assert.rejects(
      receiveFile(three, { directory: here }),
      /has another content/,
    );
    assert.deepEqual(names(here), []);
  });
});

Deno.test("a description may lead to another one, but only to the right one", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there, here) => {
    const servers = [addressOf(relay)];
    const content = await randomFile(join(there, "a"), 400_000);
    const { recipients } = await sendFile(join(there, "a"), {
      servers,
      recipients: 1,
    });
    const [inner] = recipients;
    const described = join(there, "redirect.yaml");
    await Deno.writeTextFile(described, formatFileDescription(inner));
    const outer = await sendFile(described, { servers, recipients: 2 });
    await assert.rejects(
      receiveFile({
        ...outer.recipients[0],
        redirect: { size: inner.size, digest: new Uint8Array(64) },
      }, { directory: here }),
      isTransferError("content"),
    );
    const { path } = await receiveFile(
      handOver({
        ...outer.recipients[1],
        redirect: { size: inner.size, digest: inner.digest },
      }),
      { directory: here },
    );
    assert.equal(path, join(here, "a"));
    assert.deepEqual(await Deno.readFile(path), content);
    assert.deepEqual(names(here), ["a"]);
  });
});

Deno.test("a transfer that is broken off leaves nothing behind", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there, here) => {
    const path = join(there, "a");
    await randomFile(path, 12 * 1024 ** 2);
    const servers = [addressOf(relay)];
    const breakOff = () => {
      const controller = new AbortController();
      let bytes = 0;
      return {
        signal: controller.signal,
        onProgress: (more: number) => {
          bytes += more;
          if (bytes > 6 * 1024 ** 2) controller.abort(new Error("enough"));
        },
      };
    };
    await assert.rejects(
      sendFile(path, { servers, recipients: 1, ...breakOff() }),
      /enough/,
    );
    assert.deepEqual(relay.contents(), []);
    const { recipients } = await sendFile(path, { servers, recipients: 1 });
    await assert.rejects(
      receiveFile(recipients[0], { directory: here, ...breakOff() }),
      /enough/,
    );
    assert.deepEqual(names(here), []);
    await receiveFile(recipients[0], { directory: here });
    assert.deepEqual(names(here), ["a"]);
  });
});

Deno.test("what cannot be sent is not", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there) => {
    const options = { servers: [addressOf(relay)], recipients: 1 };
    for (const path of [there, join(there, "none")]) {
      await assert.rejects(sendFile(path, options), isTransferError("file"));
    }
  });
});

Deno.test("more recipients than one command takes", async () => {
  await using relay = await Harness.start();
  await inDirectories(async (there, here) => {
    const content = await randomFile(join(there, "a"), 1000);
    const { recipients } = await sendFile(join(there, "a"), {
      servers: [addressOf(relay)],
      recipients: 201,
    });
    assert.equal(recipients.length, 201);
    for (const index of [0, 200]) {
      const { path } = await receiveFile(recipients[index], {
        directory: here,
      });
      assert.deepEqual(await Deno.readFile(path), content);
    }
  });
});
