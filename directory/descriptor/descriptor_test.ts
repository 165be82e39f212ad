import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import { toBase64Url } from "../../relay/wire/mod.ts";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { sampleDescriptor, signedSample } from "../testing.ts";
import {
  BOUNDS,
  decodeDescriptor,
  type Descriptor,
  descriptorJson,
  encodeDescriptor,
  signDescriptor,
  verifyDescriptor,
  verifyDescriptorText,
} from "./mod.ts";

const ONION = `${"a".repeat(56)}.onion`;

const full: Partial<Descriptor> = {
  sequence: Number.MAX_SAFE_INTEGER,
  addresses: [
    { scheme: "smp", hosts: ["relay.example.org", ONION], port: 443 },
    { scheme: "xftp", hosts: ["2001:db8::1"], port: 5223 },
  ],
  roles: ["smp", "xftp", "proxy"],
  open: false,
  full: true,
  limits: { messagesPerQueue: 128, fileBytes: 2 ** 40, gigabytesPerMonth: 0 },
  region: "Europe",
  contact: "ö@example.org",
  family: "example.org",
  leavesAt: 1_900_000_000,
};

Deno.test("a descriptor is read as it was written", () => {
  const identity = identityInMemory();
  for (const rest of [{}, full]) {
    const descriptor = sampleDescriptor(identity, rest);
    const signed = signDescriptor(descriptor, identity);
    const read = verifyDescriptorText(toBase64Url(signed.bytes));
    assert.ok(typeof read === "object", String(read));
    assert.deepEqual(read.descriptor, descriptor);
    assert.deepEqual(read.bytes, signed.bytes);
    assert.deepEqual(
      encodeDescriptor(read.descriptor),
      encodeDescriptor(descriptor),
    );
    assert.ok(signed.bytes.length < 1500, `${signed.bytes.length}`);
  }
  const json = descriptorJson(sampleDescriptor(identity, full));
  assert.deepEqual(json.addresses, [
    `smp://${identity.fingerprintText}@relay.example.org,${ONION}:443`,
    `xftp://${identity.fingerprintText}@[2001:db8::1]:5223`,
  ]);
  assert.equal(json.leavesAt, "2030-03-17T17:46:40.000Z");
  assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
});

Deno.test("bounds are kept by who writes and who reads", () => {
  const identity = identityInMemory();
  const address = { scheme: "smp", hosts: ["a.example"], port: 5223 } as const;
  const wrong: Partial<Descriptor>[] = [
    { sequence: -1 },
    { notAfter: 0 },
    { notAfter: sampleDescriptor(identity).notBefore + BOUNDS.validity + 1 },
    { addresses: [] },
    { addresses: [address, address] },
    { addresses: [{ ...address, port: 0 }] },
    { addresses: [{ ...address, hosts: [] }] },
    { addresses: [{ ...address, hosts: ["a.example,b.example"] }] },
    { addresses: [{ ...address, hosts: ["a.example:1"] }] },
    { addresses: [{ ...address, hosts: ["[::1]"] }] },
    { addresses: [{ ...address, hosts: Array(9).fill("a.example") }] },
    { roles: [] },
    { roles: ["smp", "xftp"] },
    { roles: ["proxy"] },
    { software: "" },
    { software: "x".repeat(65) },
    { region: "x".repeat(33) },
    { contact: "two\nlines" },
    { family: "\u202eneves" },
    { limits: { messageDays: -1 } },
  ];
  for (const rest of wrong) {
    const descriptor = sampleDescriptor(identity, rest);
    assert.throws(
      () => encodeDescriptor(descriptor),
      RangeError,
      JSON.stringify(rest),
    );
  }
});

Deno.test("nobody but the relay can say what it says", () => {
  const [relay, other] = [identityInMemory(), identityInMemory()];
  const descriptor = sampleDescriptor(relay);
  assert.throws(() => signDescriptor(descriptor, other), RangeError);
  // The other's key and certificates, in the relay's name.
  const forged = signDescriptor(descriptor, {
    fingerprint: relay.fingerprint,
    chain: other.chain,
    sign: (message) => other.sign(message),
  });
  assert.equal(verifyDescriptor(forged.bytes), "not signed by the relay");
  // The relay's certificates, and the other's key.
  const stolen = signDescriptor(descriptor, {
    fingerprint: relay.fingerprint,
    chain: relay.chain,
    sign: (message) => other.sign(message),
  });
  assert.equal(verifyDescriptor(stolen.bytes), "not signed by the relay");
  // A leaf of its own with the relay's CA as a bystander.
  const bystander = signDescriptor(descriptor, {
    fingerprint: relay.fingerprint,
    chain: [other.chain[0], relay.chain[1]],
    sign: (message) => other.sign(message),
  });
  assert.equal(verifyDescriptor(bystander.bytes), "not signed by the relay");

  const { bytes } = signDescriptor(descriptor, relay);
  const at = (seconds: number) =>
    verifyDescriptor(bytes, { now: seconds * 1000 });
  assert.equal(at(descriptor.notAfter + 1), "expired");
  assert.equal(at(descriptor.notBefore - 3601), "not valid yet");
  assert.equal(typeof at(descriptor.notBefore - 3599), "object");
  assert.equal(verifyDescriptorText("!"), "malformed");
  assert.equal(verifyDescriptorText("A".repeat(20_000)), "malformed");
});

Deno.test("bytes with faults are never taken for the relay's", () => {
  const identity = identityInMemory();
  const { bytes, descriptor } = signedSample(identity, full);
  const random = new SeededRandom(0xde5c);
  for (let turn = 0; turn < 3000; turn++) {
    const mutated = random.mutate(bytes);
    const read = verifyDescriptor(mutated);
    // Certificates may be cut in ways that verify, the body may not.
    if (typeof read === "string") continue;
    assert.deepEqual(read.descriptor, descriptor);
  }
  const body = encodeDescriptor(descriptor);
  let taken = 0;
  for (let turn = 0; turn < 20_000; turn++) {
    const read = decodeDescriptor(random.mutate(body));
    if (read === undefined) continue;
    taken++;
    assert.deepEqual(decodeDescriptor(encodeDescriptor(read)), read);
    descriptorJson(read);
  }
  assert.ok(taken > 100, `${taken}`);
});

Deno.test("what a later version adds is passed over", () => {
  const body = encodeDescriptor(sampleDescriptor(identityInMemory()));
  const longer = new Uint8Array(body.length + 3);
  longer.set(body);
  longer.set([0, 3, 7, 7, 7], body.length - 2);
  assert.deepEqual(decodeDescriptor(longer), decodeDescriptor(body));
  longer[1] = 2;
  assert.equal(decodeDescriptor(longer), undefined);
});
