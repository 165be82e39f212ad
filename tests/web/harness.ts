/**
 * The page in this process, over real HTTP, in a directory of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { configTemplate, loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { serveWeb, type ServeWebOptions } from "../../web/mod.ts";
import { Browser } from "./browser.ts";

export const PASSWORD = "lantern on the porch";

/** What a test has to do with. */
export interface Page {
  readonly directory: string;
  readonly settingsFile: string;
  readonly url: string;
  /** Moves the page's clock. */
  wait(ms: number): void;
  /** From now on requests come from this address. */
  comeFrom(address: string): void;
  /** A new browser. */
  browser(): Browser;
  /** A browser whose owner is logged in. */
  owner(): Promise<Browser>;
}

/** Runs a test with a page; the relay is not running. */
export async function withPage(
  run: (page: Page) => Promise<void>,
  { set = [], ...options }:
    & { set?: readonly string[] }
    & Partial<Pick<ServeWebOptions, "interfaces" | "bootDirectories">> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const settingsFile = join(directory, "porchlight.toml");
  await Deno.writeTextFile(settingsFile, configTemplate());
  const loadOptions = {
    set: [
      `data.directory=${directory}`,
      "web.enabled=true",
      "web.address=127.0.0.1:0",
      ...set,
    ],
    env: {},
  };
  const complaints: string[] = [];
  let now = Date.now();
  let peer: string | undefined;
  try {
    await using server = await serveWeb({
      config: loadConfig(loadOptions),
      loadOptions,
      settingsFile,
      log: createLog({ level: "warn", write: (line) => complaints.push(line) }),
      now: () => now,
      peerOf: (address) => peer ?? address,
      bootDirectories: [],
      ...options,
    });
    const { url } = server;
    await run({
      directory,
      settingsFile,
      url,
      wait: (ms) => now += ms,
      comeFrom: (address) => peer = address,
      browser: () => new Browser(url),
      async owner() {
        const browser = new Browser(url);
        const { status } = await browser.get("/setup");
        if (status === 200) await setUp(browser);
        else await logIn(browser);
        await browser.get("/backup");
        return browser;
      },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  assert.deepEqual(complaints, []);
}

/** The first run, with the setup page loaded. */
export function setUp(browser: Browser, fields: Record<string, string> = {}) {
  return browser.send("/setup", {
    password: PASSWORD,
    repeated: PASSWORD,
    name: "",
    sharing: "private",
    updates: "any",
    core: "",
    ...fields,
  });
}

export async function logIn(browser: Browser, password = PASSWORD) {
  await browser.get("/login");
  return await browser.send("/login", { password });
}
