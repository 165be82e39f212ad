/** Pages in a real browser: what its script does, and what its policy says. */
import assert from "node:assert/strict";
import { encode } from "uqr";
import { CHROMIUM, Chromium } from "./chromium.ts";
import { startPagesRelay } from "./relay.ts";

const KEY = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde";

Deno.test({
  name: "Chromium shows the pages and builds the app's link",
  ignore: CHROMIUM === undefined, // Chromium is not installed
  fn: async () => {
    await using relay = await startPagesRelay({
      web: true,
      set: ["xftp.enabled=true"],
    });
    await using chromium = await Chromium.start(CHROMIUM ?? "");
    const shown = (id: string) =>
      chromium.value(`document.getElementById("${id}").checkVisibility()`);
    const href = () => chromium.value(`document.getElementById("open").href`);

    await chromium.open(`${relay.url}/a#${KEY}?p=5223`);
    assert.equal(await href(), `simplex:/a#${KEY}?h=localhost&p=5223`);
    assert.deepEqual(
      [await shown("go"), await shown("plain"), await shown("broken")],
      [true, false, false],
    );
    assert.equal(
      await chromium.value(`document.getElementById("dark").getAttribute("d")`),
      drawn(`https://localhost/a#${KEY}?p=5223`),
    );

    await chromium.value(`location.hash = "#cut"`);
    await chromium.value("new Promise((done) => setTimeout(done, 50))");
    assert.deepEqual([await shown("go"), await shown("broken")], [false, true]);

    // A fragment is only ever a link, whatever stands in it.
    await chromium.open(`${relay.url}/contact#/?smp=x"><img src=x onerror=y>`);
    assert.match(String(await href()), /^simplex:\/contact#/);
    assert.equal(await chromium.value(`document.images.length`), 0);

    await chromium.send("Emulation.setDeviceMetricsOverride", {
      width: 320,
      height: 600,
      deviceScaleFactor: 1,
      mobile: true,
    });
    for (const path of ["/", `/i#abcd/${KEY}`, "/r"]) {
      await chromium.open(relay.url + path);
      const width = await chromium.value(
        "document.documentElement.scrollWidth",
      );
      assert.equal(width, 320, path);
    }
    assert.deepEqual(chromium.complaints, []);

    await chromium.send("Emulation.setScriptExecutionDisabled", {
      value: true,
    });
    await chromium.open(`${relay.url}/g#${KEY}`);
    await chromium.send("Emulation.setScriptExecutionDisabled", {
      value: false,
    });
    assert.deepEqual([await shown("go"), await shown("plain")], [false, true]);
  },
});

function drawn(text: string): string {
  const options = { ecc: "L", maskPattern: 0, border: 4 } as const;
  let path = "";
  for (const [y, row] of encode(text, options).data.entries()) {
    for (const [x, dark] of row.entries()) {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    }
  }
  return path;
}
