import assert from "node:assert/strict";
import { hkdfSync } from "node:crypto";
import { parseQueueId } from "./mod.ts";

const id = Uint8Array.from({ length: 24 }, (_, index) => index * 7 + 3);
const text = id.toBase64({ alphabet: "base64url" });
const key = Uint8Array.from({ length: 32 }, (_, index) => 255 - index);
const keyText = key.toBase64({ alphabet: "base64url", omitPadding: true });

Deno.test("an ID, the URI of a queue and a full link mean the same queue", () => {
  const uri = `smp://abcd@relay.example.org,x.onion:5223/${text}`;
  const query = `?v=1-4&dh=MCowBQ%3D&q=c`;
  const full = encodeURIComponent(`${uri}#/${query}`);
  for (
    const form of [
      text,
      ` ${text}\n`,
      uri,
      `${uri}#MCowBQ==`,
      `${uri}#/${query}`,
      `simplex:/contact#/?v=2-7&smp=${full}`,
      `https://simplex.chat/invitation#/?v=2-7&smp=${full}&e2e=v%3D1`,
      `https://localhost/i#${text}/${keyText}`,
      `simplex:/i/#${text}/${keyText}?h=relay.example.org&p=7001&c=abcd`,
    ]
  ) assert.deepEqual(parseQueueId(form), id, form);
});

Deno.test("the ID behind a short contact link is derived from its key", () => {
  // RFC 5869 by OpenSSL; the reference derives 56 bytes and takes the first 24.
  const expected = new Uint8Array(
    hkdfSync("sha512", key, new Uint8Array(), "SimpleXContactLink", 56),
  ).slice(0, 24);
  for (
    const form of [
      `https://relay.example.org/a#${keyText}`,
      `https://relay.example.org/a#${keyText}=?p=7001&c=LcJUM`,
      `https://relay.example.org:8443/g#${keyText}`,
      `simplex:/c#${keyText}?h=relay.example.org`,
      `simplex:/r/#${keyText}?h=relay.example.org`,
    ]
  ) assert.deepEqual(parseQueueId(form), expected, form);
});

Deno.test("anything else means no queue", () => {
  for (
    const form of [
      "",
      "queue",
      text.slice(1),
      `${text}A`,
      text.replace(/.$/, "+"),
      `https://relay.example.org/${text}`,
      `https://relay.example.org/a#${text}`,
      `https://relay.example.org/x#${keyText}`,
      `https://relay.example.org/i#${keyText}`,
      "simplex:/contact#/?v=2-7",
      `smp://abcd@relay.example.org/`,
      `xftp://abcd@relay.example.org/${text}`,
      text.repeat(1000),
    ]
  ) assert.equal(parseQueueId(form), undefined, form);
});
