import assert from "node:assert/strict";
import { join } from "node:path";
import { inDirectory } from "../../cli/testing.ts";
import { hasProgram } from "../packages.ts";
import { Chromium, findChromium, type Size } from "./chromium.ts";
import { PASSWORD } from "./harness.ts";
import { startWithPage } from "./relay_process.ts";

const program = await findChromium();
const canRead = await hasProgram("zbarimg");

const PHONE: Size = { width: 390, height: 844, mobile: true };
const LAPTOP: Size = { width: 1366, height: 768 };

Deno.test({
  name: "in Chromium, from the first run to QR codes that can be scanned",
  // Without Chromium (package chromium) and zbarimg (zbar-tools).
  ignore: program === undefined || !canRead,
  fn: () =>
    inDirectory(async (directory) => {
      assert(program !== undefined);
      await using running = await startWithPage(join(directory, "data"));
      await using browser = await Chromium.start(program);
      await browser.resize(LAPTOP);
      await browser.open(running.url);
      // With the keyboard alone.
      await browser.evaluate("document.querySelector('#new-password').focus()");
      await browser.type(PASSWORD);
      await browser.press("Tab");
      await browser.type(PASSWORD);
      await browser.press("Tab");
      await browser.type("<i>Ada's</i> lamp");
      await browser.press("Enter");
      await browser.until("location.pathname === '/'");
      await browser.until("document.querySelectorAll('.qr').length === 2");
      const name = await browser.evaluate(
        "document.querySelector('.brand').textContent",
      );
      assert.equal(name, "<i>Ada's</i> lamp");

      const addresses = await browser.evaluate(
        "['smp', 'xftp'].map((id) => " +
          "document.getElementById(id + '-address').value)",
      );
      for (const size of [PHONE, LAPTOP]) {
        for (const scheme of ["light", "dark"] as const) {
          await browser.resize(size);
          await browser.prefer(scheme);
          const file = join(directory, "page.png");
          await Deno.writeFile(file, await browser.picture());
          assert.deepEqual(await scan(file), addresses, scheme);
        }
      }

      const paths = ["/", "/settings", "/backup", "/check", "/password"];
      for (const path of paths) {
        for (
          const [size, scheme] of [[PHONE, "light"], [LAPTOP, "dark"]] as const
        ) {
          await browser.resize(size);
          await browser.prefer(scheme);
          await browser.open(new URL(path, running.url).href);
          await browser.evaluate(
            "document.querySelectorAll('details').forEach((e) => e.open = true)",
          );
          assert.deepEqual(await browser.evaluate(FAULTS), [], path);
        }
      }
      await browser.open(running.url);
      await browser.until("!document.querySelector('[data-copy]').hidden");
      await browser.evaluate("document.querySelector('[data-copy]').click()");
      await browser.until(
        "/Copied/.test(document.querySelector('[data-copy]').textContent)",
      );
      const live = "new Promise((resolve) => new EventSource('/events')" +
        ".addEventListener('live', ({ data }) => resolve(JSON.parse(data))))";
      assert.match(String(await browser.evaluate(live)), /id="sentence"/);

      await browser.withoutScripts(true);
      await browser.open(running.url);
      assert.equal(
        await browser.evaluate("document.querySelector('[data-copy]').hidden"),
        true,
      );
      await browser.evaluate(
        "document.querySelector('form[action=\"/logout\"] button').focus()",
      );
      await browser.press("Enter");
      await browser.until("document.activeElement?.id === 'password'");
      await browser.type("not this one");
      await browser.press("Enter");
      await browser.until(
        "document.querySelector('[role=alert]') !== null && " +
          "document.activeElement?.id === 'password'",
      );
      await browser.type(PASSWORD);
      await browser.press("Enter");
      await browser.until("location.pathname === '/'");
      assert.deepEqual(
        browser.complaints.filter((each) => !each.includes("401")),
        [],
      );
    }),
});

/** The QR codes in a picture, messages first. */
async function scan(file: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("zbarimg", {
    args: ["--quiet", "--raw", file],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").sort();
}

/** Fields without a label, text without contrast, what is wider than the page. */
const FAULTS = `(() => {
  const faults = [];
  const visible = (e) => e.checkVisibility({ visibilityProperty: true });
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, button, a, summary")) {
    const label = e.labels?.[0]?.textContent ?? e.getAttribute("aria-label") ?? e.textContent;
    if (label.trim() === "") faults.push("no label: " + e.outerHTML);
  }
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "");
    if (!own || !visible(e) || e.closest(".skip, svg")) continue;
    let at = e;
    while (at && rgb(getComputedStyle(at).backgroundColor)[3] === 0) at = at.parentElement;
    const ground = light(rgb(getComputedStyle(at ?? document.body).backgroundColor));
    const text = light(rgb(getComputedStyle(e).color));
    const contrast = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
    if (contrast < 4.5) faults.push("contrast " + contrast.toFixed(1) + ": " + e.textContent.slice(0, 40));
  }
  const width = document.documentElement.scrollWidth;
  if (width > document.documentElement.clientWidth) faults.push("wider than the screen: " + width);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) faults.push("an ID twice");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  return faults;
})()`;
