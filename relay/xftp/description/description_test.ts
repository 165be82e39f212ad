import assert from "node:assert/strict";
import { SeededRandom } from "../../../tests/seeded_random.ts";
import { readVectors, type Vector } from "../../../tests/vectors.ts";
import type { PrivateAuthKey } from "../../crypto/mod.ts";
import { parseServerAddress } from "../../smp/mod.ts";
import {
  compareServers,
  DescriptionError,
  type FileChunk,
  type FileDescription,
  formatDescriptionUri,
  formatFileDescription,
  formatWebLink,
  parseDescriptionUri,
  parseFileDescription,
  parseWebLink,
} from "./mod.ts";

const VECTORS = "xftp.json.gz";

Deno.test("descriptions are written and read as the reference does", () => {
  for (const vector of readVectors(VECTORS, "file-description")) {
    const description = descriptionOf(vector);
    const yaml = vector.text("yaml");
    assert.equal(formatFileDescription(description), yaml, vector.id);
    const parsed = parseFileDescription(yaml);
    const reencoded = vector.get("reencoded");
    if (reencoded === null) {
      assert.deepEqual(parsed, description, vector.id);
    } else {
      assert.equal(formatFileDescription(parsed), reencoded, vector.id);
    }
  }
});

Deno.test("links are written and read as the reference does", () => {
  for (const vector of readVectors(VECTORS, "file-description-uri")) {
    const scheme = vector.text("scheme");
    const data = vector.get("clientData");
    const uri = {
      host: scheme === "simplex:" ? undefined : scheme.slice(8),
      description: parseFileDescription(vector.text("yaml")),
      clientData: typeof data === "string" ? data : undefined,
    };
    const output = vector.text("output");
    assert.equal(formatDescriptionUri(uri), output, vector.id);
    assert.deepEqual(parseDescriptionUri(output), uri, vector.id);
    const slashless = output.replace("/file#", "/file/#");
    assert.deepEqual(parseDescriptionUri(slashless), uri);
  }
});

Deno.test("links for browsers can be read back", () => {
  const description = recipientDescription();
  const link = formatWebLink(description);
  assert.match(link, /^https:\/\/xftp1\.example\.com\/#[A-Za-z0-9_=-]+$/);
  assert.deepEqual(parseWebLink(link), description);
  for (const text of ["", "https://a/", "https://a/#!", "https://a/#AAAA"]) {
    assert.throws(() => parseWebLink(text), DescriptionError, text);
  }
});

Deno.test("a link that unpacks to too much is refused", async () => {
  const { deflateRawSync } = await import("node:zlib");
  const bomb = deflateRawSync(new Uint8Array(50_000_000)).toString("base64url");
  assert.throws(() => parseWebLink(`https://a/#${bomb}`), DescriptionError);
});

Deno.test("a sender's description is not for links", () => {
  const description = { ...recipientDescription(), party: "sender" as const };
  const yaml = formatFileDescription(description);
  assert.deepEqual(parseFileDescription(yaml), description);
  const uri = `simplex:/file#/?desc=${encodeURIComponent(yaml)}`;
  assert.throws(() => parseDescriptionUri(uri), DescriptionError);
  assert.throws(() => formatDescriptionUri({ description }), DescriptionError);
  assert.throws(() => formatWebLink(description), DescriptionError);
});

Deno.test("other block forms of YAML are read too", () => {
  const description = recipientDescription();
  const yaml = formatFileDescription(description);
  const variants = [
    `---\n${yaml}`,
    `# a comment\n\n${yaml}...\n`,
    yaml.replaceAll("\n", "\r\n"),
    yaml.replaceAll(/^(\w+): (.*)$/gm, '"$1": "$2"'),
    yaml.replaceAll(/^(\w+): (.*)$/gm, "$1:   '$2'   # why"),
    yaml.replaceAll(/^([- ] )/gm, "    $1"),
    yaml.split("\n").filter((line) => !/^\w+: /.test(line))
      .concat(yaml.split("\n").filter((line) => /^\w+: /.test(line)))
      .join("\n"),
    yaml + "later: a field\nmore:\n  - x\n",
    yaml + "redirect: null\n",
    yaml + "redirect:\n",
  ];
  for (const variant of variants) {
    assert.notEqual(variant, yaml);
    assert.deepEqual(parseFileDescription(variant), description, variant);
  }
});

Deno.test("what is no usable description is refused with a reason", () => {
  const yaml = formatFileDescription(recipientDescription());
  const line = (name: string) => new RegExp(`^${name}:.*\n`, "m");
  const texts = [
    "",
    "hello",
    "- a\n- b",
    "{}",
    yaml.slice(0, 300),
    yaml.replace(line("key"), ""),
    yaml.replace(line("key"), "key: AAAA\n"),
    yaml.replace(line("digest"), "digest: AAAA\n"),
    yaml.replace(line("nonce"), "nonce: '*'\n"),
    yaml.replace(line("party"), "party: nobody\n"),
    yaml.replace(line("size"), "size: 63kb\n"),
    yaml.replace(line("size"), "size: many\n"),
    yaml.replace("- 1:", "- 2:"),
    yaml.replace("- 1:", "- x:"),
    yaml.replace(/:[\w-]+=*$/m, ""),
    yaml.replace("xftp://", "smp://"),
    yaml.replace("xftp1.example.com", "1.1.1.300"),
    yaml.replace("=@", "=:password@"),
    yaml + "key: again\n",
    yaml + "  stray: x\n",
    yaml + "anchor: &a x\n",
    yaml + "alias: *a\n",
    yaml + "tag: !!str x\n",
    yaml + "text: |\n  x\n",
    yaml + "redirect:\n  size: 1\n",
    "a:\n" +
    Array.from({ length: 50 }, (_, i) => `${" ".repeat(i + 1)}a:`).join("\n"),
    "- ".repeat(2000) + "x",
    yaml + `long: ${"x".repeat(5000)}\n`,
  ];
  for (const text of texts) {
    assert.throws(
      () => parseFileDescription(text),
      DescriptionError,
      text.slice(0, 800),
    );
  }
});

Deno.test("chunks that do not fit together are not written", () => {
  const description = recipientDescription();
  const [chunk] = description.chunks;
  const wrong: FileDescription[] = [
    { ...description, chunks: [] },
    { ...description, chunks: [{ ...chunk, number: 2 }] },
    { ...description, chunks: [{ ...chunk, replicas: [] }] },
    { ...description, size: description.size + 1 },
  ];
  for (const value of wrong) {
    assert.throws(() => formatFileDescription(value), DescriptionError);
  }
});

Deno.test("values that read as numbers or markers are quoted", () => {
  const description = recipientDescription();
  const digits = Uint8Array.fromBase64("1".repeat(32));
  const dashes = Uint8Array.fromBase64("---".padEnd(32, "a"), {
    alphabet: "base64url",
  });
  for (const nonce of [digits, dashes]) {
    const yaml = formatFileDescription({ ...description, nonce });
    assert.match(yaml, /^nonce: '/m);
    assert.deepEqual(parseFileDescription(yaml).nonce, nonce);
  }
});

Deno.test("servers are in the reference's order", () => {
  const key = "LcJUMfVhwD8yxjAiSaDzzGF3-kLG4Uh0Fl_ZIjrRwjI=";
  const other = key.replace("Lc", "Mc");
  const inOrder = [
    `xftp://${key}@9.1.1.1`,
    `xftp://${key}@10.1.1.1`,
    `xftp://${key}@[::1]`,
    `xftp://${key}@[2001:db8::1]`,
    `xftp://${key}@b.onion`,
    `xftp://${key}@a.example`,
    `xftp://${other}@a.example`,
    `xftp://${key}@a.example:443`,
    `xftp://${key}@a.example,b.onion`,
    `xftp://${key}@b.example`,
  ].map(parseServerAddress);
  for (let i = 0; i < inOrder.length; i++) {
    for (let j = 0; j < inOrder.length; j++) {
      assert.equal(
        Math.sign(compareServers(inOrder[i], inOrder[j])),
        Math.sign(i - j),
        `${i} ${j}`,
      );
    }
  }
});

Deno.test("IPv6 servers can be read back", () => {
  const description = recipientDescription();
  const server = parseServerAddress(
    "xftp://LcJUMfVhwD8yxjAiSaDzzGF3-kLG4Uh0Fl_ZIjrRwjI=@[2001:db8::1]:443",
  );
  const [chunk] = description.chunks;
  const replicas = [{ ...chunk.replicas[0], server }];
  const there = { ...description, chunks: [{ ...chunk, replicas }] };
  assert.deepEqual(parseFileDescription(formatFileDescription(there)), there);
  assert.deepEqual(parseWebLink(formatWebLink(there)), there);
});

Deno.test("faulty descriptions and links: a reason or a description", () => {
  const random = new SeededRandom(0x5eed);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  for (const vector of readVectors(VECTORS, "file-description")) {
    const yaml = encoder.encode(vector.text("yaml"));
    for (let i = 0; i < 300; i++) {
      const text = decoder.decode(random.mutate(yaml));
      const description = attempt(() => parseFileDescription(text));
      if (description === undefined) continue;
      const again = formatFileDescription(description);
      assert.equal(
        formatFileDescription(parseFileDescription(again)).length,
        again.length,
      );
    }
  }
  for (const vector of readVectors(VECTORS, "file-description-uri")) {
    const uri = encoder.encode(vector.text("output"));
    for (let i = 0; i < 200; i++) {
      const text = decoder.decode(random.mutate(uri));
      attempt(() => parseDescriptionUri(text));
    }
  }
  const link = encoder.encode(formatWebLink(recipientDescription()));
  for (let i = 0; i < 300; i++) {
    const text = decoder.decode(random.mutate(link));
    attempt(() => parseWebLink(text));
  }
});

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof DescriptionError, String(error));
    return undefined;
  }
}

function recipientDescription(): FileDescription {
  const [vector] = readVectors(VECTORS, "file-description");
  return descriptionOf(vector);
}

function descriptionOf(vector: Vector): FileDescription {
  const party = vector.text("party");
  assert.ok(party === "recipient" || party === "sender");
  const redirect = vector.get("redirect") === null
    ? undefined
    : vector.object("redirect");
  return {
    party,
    size: vector.number("size"),
    digest: vector.bytes("digest"),
    key: vector.bytes("key"),
    nonce: vector.bytes("nonce"),
    chunkSize: vector.number("chunkSize"),
    chunks: vector.objects("chunks").map(chunkOf),
    redirect: redirect &&
      { size: redirect.number("size"), digest: redirect.bytes("digest") },
  };
}

function chunkOf(chunk: Vector): FileChunk {
  return {
    number: chunk.number("chunkNo"),
    size: chunk.number("chunkSize"),
    digest: chunk.bytes("digest"),
    replicas: chunk.objects("replicas").map((replica) => ({
      server: parseServerAddress(replica.text("server")),
      replicaId: replica.bytes("replicaId"),
      replicaKey: privateKeyOf(replica.object("replicaKey")),
    })),
  };
}

function privateKeyOf(key: Vector): PrivateAuthKey {
  const algorithm = key.text("alg");
  assert.ok(
    algorithm === "ed25519" || algorithm === "ed448" || algorithm === "x25519",
  );
  return { algorithm, raw: key.bytes("private") };
}
