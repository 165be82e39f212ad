import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { certificateFingerprint, checkChain } from "./chain.ts";
import {
  createIdentity,
  loadIdentity,
  loadOrCreateIdentity,
  renewOnlineCertificate,
} from "./create.ts";
import { IdentityError, type IdentityErrorCode } from "./errors.ts";
import { verifySignedKey } from "./signed_key.ts";
import { openssl, SHARED, withDirectory } from "./testing.ts";

const ALGORITHMS = ["ed25519", "ed448"] as const;
const NAMES = ["ca.crt", "ca.key", "fingerprint", "server.crt", "server.key"];

function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

function contents(directory: string): string[] {
  return NAMES.map((name) => Deno.readTextFileSync(join(directory, name)));
}

async function rejects(
  action: Promise<unknown>,
  code: IdentityErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof IdentityError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

for (const algorithm of ALGORITHMS) {
  Deno.test(`${algorithm}: a new identity has the reference's files, and openssl verifies it`, async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, "etc", "identity");
      const identity = await createIdentity(directory, {
        algorithm,
        commonName: "relay.example",
      });
      assert.deepEqual(names(directory), NAMES);
      const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
      assert.equal(mode(directory), 0o700);
      for (const name of NAMES) {
        const secret = name.endsWith(".key");
        assert.equal(mode(join(directory, name)), secret ? 0o600 : 0o644);
      }
      const verified = await openssl(
        directory,
        ...["verify", "-CAfile", "ca.crt", "server.crt"],
      );
      assert.match(verified, /server\.crt: OK/);
      const fingerprint = await openssl(
        directory,
        ...["x509", "-in", "ca.crt", "-noout", "-fingerprint", "-sha256"],
      );
      assert.equal(
        fingerprint.trim().split("=")[1].replaceAll(":", "").toLowerCase(),
        identity.fingerprint.toHex(),
      );
      assert.equal(
        Deno.readTextFileSync(join(directory, "fingerprint")),
        `${identity.fingerprintText}\n`,
      );
      for (const name of ["ca.key", "server.key"]) {
        const pem = Deno.readTextFileSync(join(directory, name));
        assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
        const printed = await openssl(
          directory,
          ...["pkey", "-in", name, "-noout", "-text"],
        );
        assert.match(printed, new RegExp(`^${algorithm} Private`, "i"));
      }
      assert.equal(identity.leafAlgorithm, algorithm);
      assert.equal(identity.commonName, "relay.example");
      assert.equal(identity.hasCaKey, true);
      assert.equal(identity.certificateStatus(), "valid");
    });
  });

  Deno.test(`${algorithm}: identity made with openssl by the reference's recipe is taken as it is`, async () => {
    await withDirectory(async (directory) => {
      await makeByRecipe(directory, algorithm);
      const identity = await loadIdentity(directory);
      const before = names(directory);
      const ca = new X509Certificate(
        Deno.readTextFileSync(join(directory, "ca.crt")),
      );
      assert.deepEqual(
        identity.fingerprint,
        certificateFingerprint(new Uint8Array(ca.raw)),
      );
      assert.equal(identity.leafAlgorithm, algorithm);
      assert.deepEqual(names(directory), before);

      // Ours differs from openssl's only in what is random and in the time.
      const own = join(directory, "own");
      await createIdentity(own, { algorithm, commonName: "relay.example" });
      for (const name of ["ca.crt", "server.crt"]) {
        assert.equal(
          await profile(own, name),
          await profile(directory, name),
        );
      }

      const renewed = await renewOnlineCertificate(directory);
      assert.equal(renewed.fingerprintText, identity.fingerprintText);
      assert.equal(renewed.commonName, "relay.example");
      await openssl(directory, "verify", "-CAfile", "ca.crt", "server.crt");
    });
  });

  Deno.test(`${algorithm}: renewal changes the online certificate and key only`, async () => {
    await withDirectory(async (directory) => {
      const old = await createIdentity(directory, { algorithm });
      const before = contents(directory);
      const renewed = await renewOnlineCertificate(directory, {
        commonName: "new.example",
      });
      assert.deepEqual(renewed.fingerprint, old.fingerprint);
      assert.deepEqual(renewed.chain[1], old.chain[1]);
      assert.notDeepEqual(renewed.chain[0], old.chain[0]);
      assert.notEqual(renewed.keyPem, old.keyPem);
      assert.equal(renewed.leafAlgorithm, algorithm);
      assert.equal(renewed.commonName, "new.example");
      assert.equal(checkChain(renewed.chain, old.fingerprint), "valid");
      const after = contents(directory);
      const changed = NAMES.filter((_, i) => before[i] !== after[i]);
      assert.deepEqual(changed, ["server.crt", "server.key"]);
      assert.deepEqual(names(directory), NAMES);
      const again = await loadIdentity(directory);
      assert.deepEqual(again.chain, renewed.chain);
    });
  });
}

/** The steps of the reference's `createServerX509`. */
async function makeByRecipe(
  directory: string,
  algorithm: "ed25519" | "ed448",
): Promise<void> {
  const dn = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\n";
  await Deno.writeTextFile(
    join(directory, "ca.conf"),
    `${dn}CN=SMP server CA\nO=SimpleX\n[v3]\nsubjectKeyIdentifier=hash\n` +
      "authorityKeyIdentifier=keyid:always\n" +
      "basicConstraints=critical,CA:true\n",
  );
  await Deno.writeTextFile(
    join(directory, "server.conf"),
    `${dn}CN=relay.example\n[v3]\nbasicConstraints=CA:FALSE\n` +
      "keyUsage=digitalSignature,nonRepudiation,keyAgreement\n" +
      "extendedKeyUsage=serverAuth\n",
  );
  const run = (line: string) => openssl(directory, ...line.split(" "));
  for (const name of ["ca", "server"]) {
    await run(`genpkey -algorithm ${algorithm} -out ${name}.key`);
  }
  await run(
    "req -new -x509 -days 999999 -config ca.conf -extensions v3 " +
      "-key ca.key -out ca.crt",
  );
  await run(
    "req -new -config server.conf -reqexts v3 -key server.key -out server.csr",
  );
  await run(
    "x509 -req -days 999999 -extfile server.conf -extensions v3 " +
      "-in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial " +
      "-out server.crt",
  );
}

/** A certificate as openssl prints it, without what differs each time. */
async function profile(directory: string, name: string): Promise<string> {
  const text = await openssl(
    directory,
    ...["x509", "-in", name, "-noout", "-text"],
  );
  return text
    .replaceAll(/^\s+([0-9a-f]{2}:)+([0-9a-f]{2})?$/gim, "<bytes>")
    .replaceAll(/Not (Before|After ?): .*$/gm, "<time>");
}

const INIT = join(SHARED, "vectors/state/init");
const hasInit = await Deno.stat(INIT).then(() => true, () => false);
if (!hasInit) {
  console.log(
    "Skipped: identities made by the reference's init are not on this machine",
  );
}
Deno.test({
  name: "identities made by the reference's init are taken as they are",
  ignore: !hasInit,
  fn: async () => {
    const index: {
      directories: { id: string; fingerprint: string; caCertDer: string }[];
    } = JSON.parse(await Deno.readTextFile(join(INIT, "init.json")));
    assert.ok(index.directories.length >= 5);
    for (const { id, fingerprint, caCertDer } of index.directories) {
      const identity = await loadIdentity(join(INIT, id));
      assert.equal(identity.fingerprintText, fingerprint, id);
      assert.equal(identity.chain[1].toHex(), caCertDer, id);
      const key = new Uint8Array(32).fill(5);
      const signed = identity.signSessionKey(key);
      assert.deepEqual(verifySignedKey(identity.chain[0], signed), key);
      await withDirectory(async (copy) => {
        for (const name of NAMES) {
          await Deno.writeFile(
            join(copy, name),
            await Deno.readFile(join(INIT, id, name)),
          );
        }
        const renewed = await renewOnlineCertificate(copy);
        assert.equal(renewed.fingerprintText, fingerprint, id);
        assert.equal(renewed.commonName, identity.commonName, id);
        assert.equal(renewed.leafAlgorithm, identity.leafAlgorithm, id);
        await openssl(copy, "verify", "-CAfile", "ca.crt", "server.crt");
      });
    }
  },
});

Deno.test("create overwrites nothing", async () => {
  for (const name of NAMES) {
    await withDirectory(async (directory) => {
      await Deno.writeTextFile(join(directory, name), "precious");
      await rejects(createIdentity(directory), "exists", /Nothing was changed/);
      assert.deepEqual(names(directory), [name]);
      assert.equal(
        Deno.readTextFileSync(join(directory, name)),
        "precious",
      );
    });
  }
});

Deno.test("loadOrCreate makes an identity once", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, "other.toml"), "");
    const first = await loadOrCreateIdentity(directory, {
      organization: "Our club",
    });
    assert.equal(first.leafAlgorithm, "ed25519");
    assert.match(
      new X509Certificate(Deno.readTextFileSync(join(directory, "ca.crt")))
        .subject,
      /O=Our club/,
    );
    const before = contents(directory);
    const second = await loadOrCreateIdentity(directory, {
      algorithm: "ed448",
    });
    assert.equal(second.fingerprintText, first.fingerprintText);
    assert.deepEqual(contents(directory), before);
  });
});

Deno.test("names that a certificate cannot hold are refused before anything is written", async () => {
  await withDirectory(async (directory) => {
    for (const commonName of ["", "x".repeat(65), "a\nb", "\ud800"]) {
      await assert.rejects(createIdentity(directory, { commonName }), {
        name: "RangeError",
      });
    }
    assert.deepEqual(names(directory), []);
    const commonName = "é".repeat(64);
    const identity = await createIdentity(directory, { commonName });
    assert.equal(identity.commonName, commonName);
  });
});

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

Deno.test("loads from paths, with a chain of operator certificates", async () => {
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

Deno.test("creation interrupted at any file is finished by the next start", async () => {
  for (let moved = 0; moved <= NAMES.length; moved++) {
    await withDirectory(async (parent) => {
      const done = await createIdentity(join(parent, "done"));
      const directory = join(parent, "interrupted");
      const pending = join(directory, ".identity-new");
      await Deno.mkdir(pending, { recursive: true });
      // What was being written when an earlier attempt died.
      await Deno.mkdir(join(directory, ".identity-tmp"));
      await Deno.writeTextFile(join(directory, ".identity-tmp", "ca.crt"), "");
      for (const [i, name] of NAMES.entries()) {
        await Deno.copyFile(
          join(parent, "done", name),
          join(i < moved ? directory : pending, name),
        );
      }
      const identity = await loadOrCreateIdentity(directory);
      assert.equal(identity.fingerprintText, done.fingerprintText);
      await renewOnlineCertificate(directory);
      assert.deepEqual(names(directory), NAMES);
    });
  }
});

Deno.test("creation interrupted before the commit leaves no identity", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(join(directory, ".identity-tmp"));
    await Deno.writeTextFile(join(directory, ".identity-tmp", "ca.key"), "x");
    await rejects(loadIdentity(directory), "missing", /no identity/);
    await loadOrCreateIdentity(directory);
    assert.deepEqual(names(directory), NAMES);
  });
});

Deno.test("renewal interrupted between certificate and key is finished", async () => {
  for (const moved of [[], ["server.crt"], ["server.key"]]) {
    await withDirectory(async (parent) => {
      const directory = join(parent, "relay");
      const old = await createIdentity(directory);
      const copy = join(parent, "copy");
      await Deno.mkdir(copy);
      for (const name of NAMES) {
        await Deno.copyFile(join(directory, name), join(copy, name));
      }
      const renewed = await renewOnlineCertificate(copy);
      const pending = join(directory, ".identity-new");
      await Deno.mkdir(pending);
      for (const name of ["server.crt", "server.key"]) {
        await Deno.copyFile(
          join(copy, name),
          join(moved.includes(name) ? directory : pending, name),
        );
      }
      const loaded = await loadIdentity(directory);
      assert.equal(loaded.fingerprintText, old.fingerprintText);
      assert.deepEqual(loaded.chain, renewed.chain);
      assert.deepEqual(names(directory), NAMES);
    });
  }
});

Deno.test("a backup restored over an interrupted change wins", async () => {
  await withDirectory(async (parent) => {
    const backup = await createIdentity(join(parent, "backup"));
    await createIdentity(join(parent, "fresh"));
    const directory = join(parent, "relay");
    const pending = join(directory, ".identity-new");
    await Deno.mkdir(pending, { recursive: true });
    for (const name of NAMES) {
      await Deno.copyFile(join(parent, "fresh", name), join(pending, name));
      await Deno.copyFile(join(parent, "backup", name), join(directory, name));
    }
    const identity = await loadOrCreateIdentity(directory);
    assert.equal(identity.fingerprintText, backup.fingerprintText);
    assert.deepEqual(names(directory), NAMES);
  });
});
