import assert from "node:assert/strict";
import { join } from "node:path";
import {
  createIdentity,
  loadIdentity,
  loadOrCreateIdentity,
  renewOnlineCertificate,
} from "./create.ts";
import type { IdentityErrorCode } from "./errors.ts";
import { contents, NAMES, openssl, rejects, withDirectory } from "./testing.ts";

Deno.test("ca.key may be away: the relay loads, and cannot renew", async () => {
  await withDirectory(async (directory) => {
    const { fingerprintText } = await createIdentity(directory);
    await Deno.remove(join(directory, "ca.key"));
    const identity = await loadOrCreateIdentity(directory);
    assert.equal(identity.fingerprintText, fingerprintText);
    assert.equal(identity.hasCaKey, false);
    await rejects(
      renewOnlineCertificate(directory),
      "missing",
      /ca\.key.*Copy it back/s,
    );
  });
});

Deno.test("a lost online certificate or key is renewed with ca.key, or named", async () => {
  for (const lost of [["server.crt"], ["server.key"], NAMES.slice(3)]) {
    await withDirectory(async (directory) => {
      const { fingerprintText } = await createIdentity(directory);
      for (const name of lost) await Deno.remove(join(directory, name));
      await rejects(
        loadIdentity(directory),
        "missing",
        /server\.(crt|key)\. Put it back from a backup, or renew/,
      );
      const identity = await loadOrCreateIdentity(directory);
      assert.equal(identity.fingerprintText, fingerprintText);

      for (const name of lost) await Deno.remove(join(directory, name));
      await Deno.remove(join(directory, "ca.key"));
      await rejects(
        loadOrCreateIdentity(directory),
        "missing",
        new RegExp(lost[0].replace(".", "\\.")),
      );
    });
  }
});

Deno.test("a lost ca.crt is an error, never a new identity", async () => {
  await withDirectory(async (directory) => {
    await createIdentity(directory);
    await Deno.remove(join(directory, "ca.crt"));
    for (const action of [loadIdentity, loadOrCreateIdentity]) {
      await rejects(action(directory), "missing", /ca\.crt.*made anew/s);
    }
    await rejects(createIdentity(directory), "exists", /server\.crt/);
  });
});

Deno.test("a lost fingerprint follows from ca.crt", async () => {
  await withDirectory(async (directory) => {
    const { fingerprintText } = await createIdentity(directory);
    const path = join(directory, "fingerprint");
    await Deno.remove(path);
    const loaded = await loadIdentity(directory);
    assert.equal(loaded.fingerprintText, fingerprintText);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await loadOrCreateIdentity(directory);
    assert.equal(Deno.readTextFileSync(path), `${fingerprintText}\n`);
  });
});

Deno.test("another CA than the fingerprint says is refused, and nothing changes", async () => {
  await withDirectory(async (directory) => {
    const ours = await createIdentity(join(directory, "ours"));
    const other = await createIdentity(join(directory, "other"));
    for (const name of ["ca.crt", "ca.key", "server.crt", "server.key"]) {
      await Deno.copyFile(
        join(directory, "other", name),
        join(directory, "ours", name),
      );
    }
    const before = contents(join(directory, "ours"));
    for (
      const action of [
        loadIdentity,
        loadOrCreateIdentity,
        renewOnlineCertificate,
      ]
    ) {
      await rejects(
        action(join(directory, "ours")),
        "mismatch",
        new RegExp(
          `${ours.fingerprintText}.*${other.fingerprintText}.*queues.*backup`,
          "s",
        ),
      );
    }
    assert.deepEqual(contents(join(directory, "ours")), before);
  });
});

Deno.test("loads from paths; server.crt may hold the whole chain", async () => {
  await withDirectory(async (directory) => {
    const identity = await createIdentity(join(directory, "id"));
    const paths = {
      certificate: join(directory, "a.pem"),
      key: join(directory, "b.pem"),
      ca: join(directory, "c.pem"),
    };
    await Deno.writeTextFile(paths.certificate, identity.chainPem);
    await Deno.writeTextFile(paths.key, identity.keyPem);
    await Deno.copyFile(join(directory, "id", "ca.crt"), paths.ca);
    const loaded = await loadIdentity(paths);
    assert.deepEqual(loaded.chain, identity.chain);
    assert.equal(loaded.hasCaKey, false);
  });
});

Deno.test("bad files: each has an error that names it", async () => {
  const rsa = ["genpkey", "-algorithm", "RSA", "-pkeyopt"];
  const cases: [
    string,
    IdentityErrorCode,
    RegExp,
    (directory: string) => Promise<unknown>,
  ][] = [
    ["no identity at all", "missing", /porchlight init/, async (d) => {
      for (const name of NAMES) await Deno.remove(join(d, name));
    }],
    [
      "empty server.crt",
      "invalid",
      /server\.crt is not a file/,
      (d) => Deno.truncate(join(d, "server.crt")),
    ],
    [
      "server.crt cut off",
      "invalid",
      /server\.crt is not a file/,
      (d) => Deno.truncate(join(d, "server.crt"), 300),
    ],
    [
      "ca.crt with a damaged line",
      "invalid",
      /ca\.crt is damaged/,
      async (d) => {
        const path = join(d, "ca.crt");
        const lines = (await Deno.readTextFile(path)).split("\n");
        await Deno.writeTextFile(path, lines.toSpliced(2, 1).join("\n"));
      },
    ],
    [
      "server.key cut off",
      "invalid",
      /server\.key cannot be read/,
      (d) => Deno.truncate(join(d, "server.key"), 60),
    ],
    [
      "server.key with a password",
      "invalid",
      /locked with a password/,
      (d) =>
        openssl(
          d,
          ...["pkcs8", "-topk8", "-in", "ca.key", "-out", "server.key"],
          ...["-passout", "pass:x"],
        ),
    ],
    [
      "an RSA server.key",
      "invalid",
      /server\.key holds a key of type rsa/,
      (d) => openssl(d, ...rsa, "rsa_keygen_bits:2048", "-out", "server.key"),
    ],
    [
      "the CA's key as server.key",
      "mismatch",
      /server\.key is not the key/,
      (d) => Deno.copyFile(join(d, "ca.key"), join(d, "server.key")),
    ],
    ["a server.crt of another CA", "mismatch", /bad signature/, async (d) => {
      await createIdentity(join(d, "other"));
      for (const name of ["server.crt", "server.key"]) {
        await Deno.copyFile(join(d, "other", name), join(d, name));
      }
    }],
    [
      "a fingerprint of another form",
      "invalid",
      /fingerprint is damaged/,
      (d) => Deno.writeTextFile(join(d, "fingerprint"), "oops\n"),
    ],
    [
      "a file too big",
      "invalid",
      /too big/,
      (d) => Deno.truncate(join(d, "ca.crt"), 1_000_000),
    ],
    [
      "a directory in place of a file",
      "io",
      /Cannot read .*server\.crt/,
      async (d) => {
        await Deno.remove(join(d, "server.crt"));
        await Deno.mkdir(join(d, "server.crt"));
      },
    ],
  ];
  for (const [name, code, message, damage] of cases) {
    await withDirectory(async (directory) => {
      await createIdentity(directory);
      await damage(directory);
      await rejects(loadIdentity(directory), code, message)
        .catch((cause) => assert.fail(`${name}: ${cause.message}`));
    });
  }
});

Deno.test("a ca.key of another relay does not sign", async () => {
  await withDirectory(async (directory) => {
    await createIdentity(directory);
    await createIdentity(join(directory, "other"));
    await Deno.copyFile(
      join(directory, "other", "ca.key"),
      join(directory, "ca.key"),
    );
    const before = contents(directory);
    await rejects(
      renewOnlineCertificate(directory),
      "mismatch",
      /ca\.key is not the key/,
    );
    assert.deepEqual(contents(directory), before);
  });
});

Deno.test("a damaged online certificate can be renewed", async () => {
  await withDirectory(async (directory) => {
    const { fingerprintText } = await createIdentity(directory);
    await Deno.truncate(join(directory, "server.crt"), 100);
    const identity = await renewOnlineCertificate(directory);
    assert.equal(identity.fingerprintText, fingerprintText);
  });
});
