import assert from "node:assert/strict";
import { qrModules } from "./qr_modules.ts";
import { appLink, LINK_SCRIPT } from "./link_script.ts";

const KEY = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde";
const hostname = "relay.example.org";

Deno.test("short links get the host that they were opened at", () => {
  const links = [
    [`/a#${KEY}`, `/a#${KEY}?h=${hostname}`],
    [`/g/#${KEY}?p=5223&c=x`, `/g#${KEY}?h=${hostname}&p=5223&c=x`],
    [`/c#${KEY}?h=x.onion`, `/c#${KEY}?h=${hostname},x.onion`],
    [`/r#${KEY}?c=x&h=x,y`, `/r#${KEY}?h=${hostname},x,y&c=x`],
    [`/i#abcd/${KEY}?`, `/i#abcd/${KEY}?h=${hostname}`],
  ];
  for (const [opened, expected] of links) {
    const [pathname, hash] = opened.split("#");
    const link = appLink({ pathname, hostname, hash: `#${hash}` });
    assert.equal(link?.app, `simplex:${expected}`);
    assert.equal(link?.web, `https://${hostname}${opened.replace("/#", "#")}`);
  }
});

Deno.test("full links stay as they are", () => {
  const hash = "#/?v=2-7&smp=smp%3A%2F%2Fx%40y&e2e=z";
  for (const pathname of ["/contact", "/invitation/"]) {
    const kind = pathname.replace(/\/$/, "");
    assert.deepEqual(appLink({ pathname, hostname, hash }), {
      app: `simplex:${kind}${hash}`,
      web: `https://${hostname}${kind}${hash}`,
    });
  }
});

Deno.test("what is cut off is no link", () => {
  for (
    const opened of [
      "/a",
      "/a#",
      `/a#${KEY.slice(1)}`,
      `/i#${KEY}`,
      "/contact#/?v=2-7",
      "/invitation#",
    ]
  ) {
    const at = (opened + "#").indexOf("#");
    assert.equal(
      appLink({
        pathname: opened.slice(0, at),
        hostname,
        hash: opened.slice(at),
      }),
      undefined,
      opened,
    );
  }
});

Deno.test("the script needs nothing from outside of itself", () => {
  // It stands in HTML, where these would end it or hide it.
  assert.doesNotMatch(LINK_SCRIPT, /<\/script|<!--|<script/i);
  for (const own of [appLink, qrModules]) {
    const copy: unknown = new Function(`"use strict"; return ${own}`)();
    assert.ok(typeof copy === "function");
  }
  const alone = new Function(`"use strict"; return (${qrModules})`)();
  assert.deepEqual(alone("https://relay"), qrModules("https://relay"));
  const link = { pathname: "/a", hostname, hash: `#${KEY}` };
  const copy = new Function(`"use strict"; return (${appLink})`)();
  assert.deepEqual(copy(link), appLink(link));
});
