import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { join } from "node:path";
import { readCertificate } from "./certificate.ts";
import {
  certificateFingerprint,
  checkChain,
  checkServiceChain,
  identityCertificate,
} from "./chain.ts";
import {
  readChildren,
  readElement,
  TAG,
  writeBitString,
  writeSequence,
} from "./der.ts";
import { writeAlgorithm } from "./keys.ts";
import {
  generateKey,
  makeCaCertificate,
  makeOnlineCertificate,
} from "./make_certificate.ts";
import { parseCertificates } from "./pem.ts";
import {
  fromHex,
  openssl,
  randomNumbers,
  vectors,
  withDirectory,
} from "./testing.ts";

const now = new Date("2030-01-01T00:00:00Z");

for (const vector of vectors.chains) {
  Deno.test(`checkChain takes the reference's chain: ${vector.id}`, () => {
    const chain = vector.certChain.map(fromHex);
    const fingerprint = fromHex(vector.identityFingerprint);
    assert.equal(checkChain(chain, fingerprint, { now }), "valid");
    const identity = identityCertificate(chain);
    assert.deepEqual(identity && certificateFingerprint(identity), fingerprint);
    assert.equal(
      checkChain(chain, certificateFingerprint(chain[0]), { now }),
      "other identity",
    );
    // Each certificate above the leaf is needed where it stands.
    for (let i = 2; i < chain.length; i++) {
      const other = chain.with(i, chain[0]);
      assert.notEqual(checkChain(other, fingerprint, { now }), "valid");
    }
  });
}

Deno.test("checkServiceChain takes the reference's service chain", () => {
  const chain = vectors.service.certChain.map(fromHex);
  assert.equal(checkServiceChain(chain, { now }), "valid");
  const identity = identityCertificate(chain);
  assert.deepEqual(
    identity && certificateFingerprint(identity),
    fromHex(vectors.service.certHash),
  );
});

function makeChain(algorithm: "ed25519" | "ed448") {
  const caKey = generateKey(algorithm);
  const ca = makeCaCertificate(caKey);
  const key = generateKey(algorithm);
  const leaf = makeOnlineCertificate(key, { ca, caKey, commonName: "relay" });
  const fingerprint = certificateFingerprint(ca);
  return { caKey, ca, key, leaf, chain: [leaf, ca], fingerprint };
}

for (const algorithm of ["ed25519", "ed448"] as const) {
  Deno.test(`${algorithm}: length, order and time of a chain`, () => {
    const { leaf, ca, chain, fingerprint } = makeChain(algorithm);
    const check = (chain: Uint8Array[], now?: Date) =>
      checkChain(chain, fingerprint, { now });
    assert.equal(check(chain), "valid");
    assert.equal(check([]), "no certificates");
    assert.equal(check([ca]), "too few certificates");
    assert.equal(check([leaf, ca, ca, ca, ca]), "too many certificates");
    assert.equal(check([ca, leaf]), "other identity");
    assert.equal(check([leaf.subarray(1), ca]), "malformed certificate");
    assert.equal(check([new Uint8Array(), ca]), "malformed certificate");
    assert.equal(check(chain, new Date(0)), "not valid yet");
    assert.equal(check(chain, new Date("9000-01-01")), "expired");
    assert.equal(
      checkChain(chain, fingerprint, { now: new Date(0), ignoreTime: true }),
      "valid",
    );
    assert.equal(checkServiceChain([ca]), "valid");
    assert.equal(checkServiceChain([leaf]), "issued by another name");
    assert.equal(checkServiceChain([]), "no certificates");
    assert.equal(identityCertificate([leaf, ca, ca, ca, ca]), undefined);
    assert.equal(identityCertificate([ca]), ca);
  });
}

Deno.test("the identity certificate of another relay is no use as a bystander", () => {
  const victim = makeChain("ed25519");
  const attacker = makeChain("ed25519");
  const { fingerprint } = victim;
  for (
    const chain of [
      [attacker.leaf, victim.ca],
      [attacker.leaf, victim.ca, attacker.ca],
      [attacker.leaf, victim.ca, attacker.ca, attacker.ca],
    ]
  ) {
    assert.equal(checkChain(chain, fingerprint), "bad signature");
    assert.equal(checkServiceChain(chain), "bad signature");
  }
});

Deno.test("no bit of a chain can be changed", () => {
  const { chain, fingerprint } = makeChain("ed25519");
  const random = randomNumbers(3);
  for (const i of [0, 1]) {
    for (let round = 0; round < 1000; round++) {
      const changed = chain[i].slice();
      changed[random(changed.length)] ^= 1 << random(8);
      assert.notEqual(checkChain(chain.with(i, changed), fingerprint), "valid");
    }
  }
});

Deno.test("only an authority may sign in the middle of a chain", () => {
  const { ca, key, leaf } = makeChain("ed25519");
  const below = makeOnlineCertificate(generateKey("ed25519"), {
    ca: leaf,
    caKey: key,
    commonName: "below",
  });
  assert.equal(
    checkChain([below, leaf, ca], certificateFingerprint(leaf)),
    "issuer is not an authority",
  );
});

Deno.test("a leaf of version 1 is refused", () => {
  const { leaf, ca, caKey, fingerprint } = makeChain("ed25519");
  const [tbs] = readChildren(readElement(leaf)) ?? [];
  const fields = (readChildren(tbs) ?? [])
    .filter(({ tag }) => tag !== TAG.explicit0 && tag !== TAG.explicit3);
  const signed = writeSequence(...fields.map(({ bytes }) => bytes));
  const old = writeSequence(
    signed,
    writeAlgorithm("ed25519"),
    writeBitString(sign(null, signed, caKey)),
  );
  assert.equal(readCertificate(old)?.version, 1);
  assert.equal(checkChain([old, ca], fingerprint), "leaf is not version 3");
});

Deno.test("openssl's certificates: RSA, unknown critical extension, path length", async () => {
  await withDirectory(async (directory) => {
    const make = async (name: string, ...args: string[]) => {
      await openssl(
        directory,
        ...["req", "-x509", "-nodes", "-subj", `/CN=${name}`],
        ...["-keyout", `${name}.key`, "-out", `${name}.crt`, ...args],
      );
      const path = join(directory, `${name}.crt`);
      return parseCertificates(await Deno.readTextFile(path), path)[0];
    };
    const from = (issuer: string) => [
      ...["-newkey", "ed25519", "-CA", `${issuer}.crt`],
      ...["-CAkey", `${issuer}.key`],
    ];
    const rsa = await make("rsa", "-newkey", "rsa:2048");
    assert.equal(
      checkServiceChain([rsa]),
      "key is neither Ed25519 nor Ed448",
    );
    const odd = await make(
      "odd",
      ...["-newkey", "ed25519", "-addext", "1.2.3.4=critical,DER:0500"],
    );
    assert.equal(checkServiceChain([odd]), "unknown critical extension");
    const top = await make("top", "-newkey", "ed25519");
    const network = await make(
      "network",
      ...from("top"),
      ...["-addext", "basicConstraints=critical,CA:true,pathlen:0"],
    );
    const id = await make(
      "id",
      ...from("network"),
      ...["-addext", "basicConstraints=critical,CA:true"],
    );
    const leaf = await make("leaf", ...from("id"));
    const fingerprint = certificateFingerprint(id);
    assert.equal(checkChain([leaf, id], fingerprint), "valid");
    assert.equal(checkChain([leaf, id, network], fingerprint), "valid");
    assert.equal(
      checkChain([leaf, id, network, top], fingerprint),
      "issuer is not an authority",
    );
  });
});

Deno.test("whatever bytes come as a certificate, reading does not throw", () => {
  const { chain } = makeChain("ed448");
  const random = randomNumbers(4);
  const base = [...vectors.chains[0].certChain.map(fromHex), ...chain];
  let read = 0;
  for (let round = 0; round < 5000; round++) {
    const source = base[random(base.length)].slice();
    for (let n = random(4); n >= 0; n--) {
      source[random(source.length)] = random(256);
    }
    const input = random(3) === 0
      ? source.subarray(0, random(source.length))
      : source;
    if (readCertificate(input)) read++;
  }
  assert.ok(read > 500, `only ${read} were read`);
});
