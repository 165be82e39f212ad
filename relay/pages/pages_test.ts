import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { PublicInformation } from "../information.ts";
import { Pages } from "./pages.ts";

const EVIL =
  `"'><img src=x onerror=alert(1)></title></style><script>x</script>`;
const PAGES = ["/", "/a", "/c/", "/g", "/i", "/r/", "/contact", "/invitation/"];

Deno.test("pages allow what they have in them and nothing else", () => {
  const pages = pagesWith();
  for (const path of [...PAGES, "/nope"]) {
    const { text, fields } = get(pages, path);
    const policy = fields["content-security-policy"];
    assert.match(policy, /^default-src 'none'; /);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    for (
      const [tag, directive] of [["style", "style-src"], [
        "script",
        "script-src",
      ]]
    ) {
      const inside = new RegExp(`<${tag}>(.*?)</${tag}>`, "gs");
      const hashes = Array.from(
        text.matchAll(inside),
        ([, code]) => createHash("sha256").update(code).digest("base64"),
      );
      for (const hash of hashes) {
        assert.ok(policy.includes(`${directive} 'sha256-${hash}'`), path);
      }
      assert.equal(policy.includes(directive), hashes.length > 0, path);
    }
    assert.doesNotMatch(text, / style="| on[a-z]+="| src="/);
    assert.equal(fields["x-content-type-options"], "nosniff");
    assert.equal(fields["referrer-policy"], "no-referrer");
    assert.equal(fields["x-frame-options"], "DENY");
  }
});

Deno.test("nothing of a request comes back", () => {
  const pages = pagesWith();
  for (const path of [`/${EVIL}`, `/a?${EVIL}`, `/a/${EVIL}`, "/__proto__"]) {
    const { status, text, fields } = get(pages, path);
    assert.equal(status, path.startsWith("/a?") ? 200 : 404);
    assert.ok(!text.includes("onerror") && !text.includes("__proto__"));
    assert.ok(!JSON.stringify(fields).includes("onerror"));
  }
  const { status, fields } = pages.answer({ method: EVIL, target: EVIL });
  assert.deepEqual([status, fields.allow], [405, "GET, HEAD"]);
});

Deno.test("whatever the settings say is text", () => {
  const contact = {
    simplex: `javascript:${EVIL}`,
    email: `${EVIL}@x?subject=y`,
    pgp: { pkURI: `javascript:alert(1)`, pkFingerprint: EVIL },
  };
  const { text } = get(
    pagesWith({
      sourceCode: "javascript:alert(1)",
      usageConditions: { conditions: EVIL, amendments: `https://x/${EVIL}` },
      operator: { name: EVIL, country: EVIL },
      website: "data:text/html,<script>",
      adminContacts: contact,
      complaintsContacts: contact,
      hosting: { name: EVIL, country: "XX" },
      serverCountry: "DE",
    }),
    "/",
  );
  assert.doesNotMatch(text, /<img|<script|href="(?:javascript|data):/);
  assert.equal(text.match(/<\/title>/g)?.length, 1);
  assert.equal(text.match(/<\/style>/g)?.length, 1);
  assert.ok(text.includes("&lt;img src=x onerror=alert(1)&gt;"));
  for (const [, href] of text.matchAll(/href="([^"]*)"/g)) {
    assert.match(href, /^(?:\/|https:\/\/|mailto:[!-~]+@x%3Fsubject%3Dy$)/);
  }
});

Deno.test("the page about the relay says what is known, and no address", () => {
  const { text } = get(
    pagesWith({
      sourceCode: "https://example.org/code",
      operator: { name: "Ada", country: "DE" },
      adminContacts: { email: "ada@example.org" },
      hostingType: "owned",
    }),
    "/",
  );
  for (
    const part of [
      "Porchlight 1.2.3",
      '<a href="https://example.org/code"',
      "Ada, Germany",
      '<a href="mailto:ada@example.org">',
      "After 21 days",
      "Not allowed",
      "After 1 hour 30 minutes",
    ]
  ) assert.ok(text.includes(part), part);
  assert.doesNotMatch(
    text,
    /Website|Complaints|Country of the server|smp:\/\//,
  );
  assert.match(get(pagesWith(), "/").text, /Source code<\/dt>\s*<dd>Not said/);
});

Deno.test("what a browser has is not sent again", () => {
  const pages = pagesWith();
  for (const path of [...PAGES, "/favicon.svg", "/robots.txt"]) {
    const { etag } = get(pages, path).fields;
    const known = `W/"other", ${etag}`;
    const again = pages.answer({ method: "GET", target: path, known });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    assert.equal(again.fields.etag, etag);
    const other = pages.answer({ method: "GET", target: path, known: '"x"' });
    assert.equal(other.status, 200);
  }
});

Deno.test("phones learn which links are the app's", () => {
  const pages = pagesWith();
  const apple = get(pages, "/.well-known/apple-app-site-association");
  const { applinks: { details: [{ appIDs, components }] } } = JSON.parse(
    apple.text,
  );
  assert.deepEqual(appIDs, ["5NN7GUYB6T.chat.simplex.app"]);
  assert.equal(components.length, 12);
  const android = get(pages, "/.well-known/assetlinks.json");
  const [{ target }] = JSON.parse(android.text);
  assert.equal(target.package_name, "chat.simplex.app");
  for (const print of target.sha256_cert_fingerprints) {
    assert.match(print, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  }
  for (const { fields } of [apple, android]) {
    assert.equal(fields["content-type"], "application/json");
  }
});

function pagesWith(information?: PublicInformation): Pages {
  return new Pages({
    server: {
      config: {
        persistence: "messages",
        messageExpiration: 21 * 86_400,
        statsEnabled: false,
        newQueuesAllowed: true,
        basicAuthEnabled: false,
      },
      information,
    },
    version: "1.2.3",
    files: {
      fileExpiration: 5400,
      newFilesAllowed: false,
      passwordNeeded: true,
    },
  });
}

function get(pages: Pages, target: string) {
  const { status, fields, body } = pages.answer({ method: "GET", target });
  return { status, fields, text: new TextDecoder().decode(body) };
}
