import assert from "node:assert/strict";
import { Html, html } from "./html.ts";

Deno.test("values are text, and HTML is HTML", () => {
  const evil = `"><script>alert('&')</script>`;
  assert.equal(
    html`<a href="${evil}">${[html`<b>${evil}</b>`, undefined, 7]}</a>`.text,
    '<a href="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">' +
      "<b>&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</b>7</a>",
  );
  assert.equal(html`${new Html("<i>")}`.text, "<i>");
});
