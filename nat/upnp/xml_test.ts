import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { childText, escapeXml, parseXml } from "./xml.ts";
import { describeRouter, prefixed } from "./testing/descriptions.ts";

Deno.test("elements, text, entities, sections and comments", () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<!-- <no> -->\n<a:r x="1>2" y=\'"\'>' +
      "<b> one &lt;&amp;&#65;&#x42;&unknown; AT&T </b><c/>" +
      "<d><![CDATA[<e>&amp;</e>]]></d></a:r>\n",
  );
  assert.equal(root?.name, "r");
  assert.equal(childText(root, "b"), "one <&AB&unknown; AT&T");
  assert.equal(childText(root, "c"), "");
  assert.equal(childText(root, "d"), "<e>&amp;</e>");
  assert.equal(childText(root, "e"), undefined);
});

Deno.test("what is malformed or dangerous is refused", () => {
  for (
    const document of [
      "",
      "text",
      "<a>",
      "</a>",
      "<a></b>",
      "<a></a><b></b>",
      "<a></a>text",
      "<a x=1></a>",
      "<a",
      "<!DOCTYPE a><a/>",
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      "<a><!ENTITY b 'c'></a>",
      "<a><!-- </a>",
      "<a><![CDATA[</a>",
      "<?xml <a/>",
      "<a><1/></a>",
      "<a>".repeat(40) + "</a>".repeat(40),
      `<a>${"<b/>".repeat(5_001)}</a>`,
      `<a>${"x".repeat(5_000)}</a>`,
      `<${"a".repeat(100)}/>`,
    ]
  ) {
    assert.equal(parseXml(document), undefined, document.slice(0, 60));
  }
});

Deno.test("code points that do not exist stay as they are", () => {
  assert.equal(parseXml("<a>&#0;&#x110000;</a>")?.text, "&#0;&#x110000;");
});

Deno.test("what is escaped comes back", () => {
  const text = `<&>"'`;
  assert.equal(parseXml(`<a>${escapeXml(text)}</a>`)?.text, text);
});

Deno.test("mutated descriptions are read or refused, never thrown at", () => {
  const random = new SeededRandom(5);
  const decoder = new TextDecoder();
  let read = 0;
  for (const document of [describeRouter(), prefixed]) {
    const bytes = new TextEncoder().encode(document);
    for (let run = 0; run < 2_000; run++) {
      if (parseXml(decoder.decode(random.mutate(bytes))) !== undefined) read++;
    }
  }
  assert.ok(read > 0 && read < 4_000);
});

Deno.test("a long hostile document is refused in little time", () => {
  const size = 256 * 1024;
  for (
    const part of [
      "<",
      "<a ",
      "<!--",
      "<![CDATA[",
      "&",
      "<a x='",
      "</",
      "<a b=''",
    ]
  ) {
    const started = performance.now();
    const document = `<a>${part.repeat(size / part.length)}`;
    assert.equal(parseXml(document), undefined);
    assert.ok(performance.now() - started < 1_000, part);
  }
});
