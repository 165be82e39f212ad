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
import { verifySignedKey } from "./signed_key.ts";
import {
  contents,
  NAMES,
  names,
  openssl,
  rejects,
  SHARED,
  withDirectory,
} from "./testing.ts";

const ALGORITHMS = ["ed25519", "ed448"] as const;
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
