import assert from "node:assert/strict";
import { decode, Writer } from "../wire/mod.ts";
import { readVectors, type Vector } from "../../tests/vectors.ts";
import {
  AddressError,
  formatServerAddress,
  parseServerAddress,
  readRelayAddress,
  type ServerAddress,
  writeRelayAddress,
} from "./address.ts";

/** Addresses that the reference takes and we do not: none can be reached. */
const refused = [
  "strdec-address-ntf",
  "strdec-address-short-hash",
  "strdec-address-4-char-hash",
  "strdec-address-port-0",
  "strdec-address-port-99999",
  "strdec-address-bad-ipv4",
  "strdec-address-ipv4-last-300",
];

/** The reference writes IPv6 without brackets, and reads another host then. */
const bracketed: Readonly<Record<string, string>> = {
  "strdec-address-smp-ipv6": "[2001:db8::1]:5223",
  "strdec-address-smp-ipv6-noport": "[::1]",
  "strdec-address-smp-ipv6-bare": "[2001:db8::1]",
};

Deno.test("addresses are read and written as by the reference", () => {
  let seen = 0;
  for (const vector of addressVectors()) {
    const input = vector.text("input");
    const output = vector.object("output");
    if (output.has("error") || refused.includes(vector.id)) {
      assert.throws(() => parseServerAddress(input), AddressError, vector.id);
      continue;
    }
    const address = parseServerAddress(input);
    const value = output.object("value");
    assert.deepEqual(address, {
      scheme: input.startsWith("xftp") ? "xftp" : "smp",
      fingerprint: value.bytes("keyHash"),
      password: value.get("basicAuth") ?? undefined,
      hosts: value.objects("hosts").map((host) => host.text("host")),
      port: value.text("port"),
    }, vector.id);
    const text = formatServerAddress(address);
    const location = bracketed[vector.id];
    if (location === undefined) {
      assert.equal(text, output.text("reencoded"), vector.id);
    } else {
      assert.ok(text.endsWith(`@${location}`), text);
    }
    assert.deepEqual(parseServerAddress(text), address);
    seen++;
  }
  assert.ok(seen > 10);
});

Deno.test("addresses in PRXY are those of the reference", () => {
  const vectors = readVectors("encoding", "smpEncode")
    .filter((vector) => vector.text("of") === "SMPServer");
  assert.ok(vectors.length > 0);
  for (const vector of vectors) {
    const value = vector.object("value");
    const address = {
      hosts: value.objects("hosts").map((host) => host.text("host")),
      port: value.text("port"),
      fingerprint: value.bytes("keyHash"),
    };
    const writer = new Writer();
    writeRelayAddress(writer, address);
    assert.deepEqual(writer.finish(), vector.bytes("output"), vector.id);
    assert.deepEqual(decode(writer.finish(), readRelayAddress), address);
  }
});

Deno.test("hosts that are none are refused in PRXY", () => {
  const hosts = [
    "",
    "a b",
    "a.com:1",
    "ABC.onion",
    ".onion",
    "1.2.3.4.example.com:",
    "1.2.3.256",
    "a,b",
    "fe80::1%eth0",
    "::1::",
    "a\x00b",
    "a\u00ffb",
  ];
  for (const host of hosts) {
    const writer = new Writer();
    writeRelayAddress(writer, {
      hosts: [host],
      port: "5223",
      fingerprint: new Uint8Array(32),
    });
    assert.equal(
      decode(writer.finish(), readRelayAddress),
      undefined,
      JSON.stringify(host),
    );
  }
});

Deno.test("IPv6 is written in its short form", () => {
  const cases: readonly [string, string][] = [
    ["[2001:0DB8:0:0:0:0:0:1]", "2001:db8::1"],
    ["[::ffff:192.168.1.5]", "::ffff:c0a8:105"],
    ["2001:db8::1", "2001:db8::1"],
  ];
  for (const [input, host] of cases) {
    const address = parseServerAddress(exampleAt(input));
    assert.deepEqual(address.hosts, [host]);
    assert.deepEqual(
      parseServerAddress(formatServerAddress(address)),
      address,
    );
  }
});

Deno.test("errors in addresses say where, and never the password", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /not the address of a server/],
    ["example.com", /not the address of a server/],
    ["https://x@example.com", /begins with smp:\/\//],
    [exampleAt("example.com").replace("LcJU", ""), /fingerprint/],
    [exampleAt("a_b c"), /"a_b c" in the address is not a host/],
    [exampleAt("example.com:70000"), /port/],
    [exampleAt("example.com,"), /not a host/],
    [
      exampleAt("example.com").replace("=@", "=:se/cret@"),
      /password in the address/,
    ],
  ];
  for (const [input, message] of cases) {
    assert.throws(
      () => parseServerAddress(input),
      (error) =>
        error instanceof AddressError && message.test(error.message) &&
        !error.message.includes("cret"),
      input,
    );
  }
});

Deno.test("an address without port and with password is written in full", () => {
  const address: ServerAddress = {
    scheme: "xftp",
    fingerprint: new Uint8Array(32),
    password: "secret",
    hosts: ["a.example", "b.onion"],
    port: "",
  };
  assert.equal(
    formatServerAddress(address),
    `xftp://${"A".repeat(43)}=:secret@a.example,b.onion`,
  );
});

function exampleAt(location: string): string {
  return `smp://LcJUMfVhwD8yxjAiSaDzzGF3-kLG4Uh0Fl_ZIjrRwjI=@${location}`;
}

function addressVectors(): Vector[] {
  const vectors = readVectors("encoding", "strDecode")
    .filter((vector) => vector.text("of") === "server address");
  assert.ok(vectors.length > 30);
  return vectors;
}
