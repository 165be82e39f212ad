import assert from "node:assert/strict";
import { connect } from "node:net";
import { logIn, PASSWORD, setUp, withPage } from "./harness.ts";

Deno.test("only this machine's names are answered", () =>
  withPage(async ({ browser, url }) => {
    const { port } = new URL(url);
    const one = browser();
    for (
      const host of [
        "porchlight.local",
        `porchlight.local:${port}`,
        "PORCHLIGHT.LOCAL.",
        "localhost",
        "192.168.178.20:8080",
        "[fe80::1]",
        "[::1]:80",
        "lamp.home.arpa",
      ]
    ) {
      const { status } = await one.get("/setup", { headers: { host } });
      assert.equal(status, 200, host);
    }
    for (
      const host of [
        "evil.example",
        "porchlight.local.evil.example",
        "192.168.1.2.evil.example",
        "8.8.8.8",
        "[2600::1]",
        "localhost.evil.example:80",
        "porchlight.local@evil.example",
        "a b",
      ]
    ) {
      const { status, text } = await one.get("/setup", { headers: { host } });
      assert.notEqual(status, 200, host);
      assert.doesNotMatch(text, /form_token/, host);
    }
  }, { set: ["web.hosts=lamp.home.arpa"] }));

Deno.test("only machines of the same network are answered", () =>
  withPage(async ({ browser, comeFrom }) => {
    for (
      const peer of [
        "127.0.0.1",
        "192.168.1.5",
        "10.2.3.4",
        "::ffff:172.16.0.9",
        "fe80::1%eth0",
        "fd12::7",
        "2001:9e8:1:2::77",
      ]
    ) {
      comeFrom(peer);
      assert.equal((await browser().get("/setup")).status, 200, peer);
    }
    for (
      const peer of [
        "93.184.216.34",
        "100.64.3.4",
        "::ffff:93.184.216.34",
        "2600::1",
        "2001:9e8:1:3::77",
        "0.0.0.0",
        "nobody",
      ]
    ) {
      comeFrom(peer);
      for (const path of ["/setup", "/page.css", "/login", "/"]) {
        const { status, text } = await browser().get(path);
        assert.equal(status, 403, peer);
        assert.equal(text, "This page is for the relay's own network.\n");
      }
    }
    comeFrom("127.0.0.1");
    const forwarded = await browser().get("/setup", {
      headers: { "x-forwarded-for": "192.168.1.5" },
    });
    assert.equal(forwarded.status, 403);
  }, {
    interfaces: () => [
      { address: "2001:9e8:1:2::1", cidr: "2001:9e8:1:2::1/64" },
      { address: "93.184.216.1", cidr: "93.184.216.1/24" },
    ],
  }));

Deno.test("forms of other sites change nothing", () =>
  withPage(async ({ owner, browser }) => {
    const stranger = browser();
    await stranger.get("/setup");
    const token = { form_token: "A".repeat(43) };
    assert.equal((await setUp(stranger, token)).status, 403);
    stranger.cookies.clear();
    assert.equal((await setUp(stranger)).status, 403);
    const page = await owner();
    const other = await owner();
    const theirs = /name="form_token" value="([^"]*)"/.exec(other.page)?.[1] ??
      "";
    const forged: [Record<string, string>, Record<string, string>][] = [
      [{ form_token: "" }, {}],
      [{ form_token: theirs }, {}],
      [{}, { origin: "http://evil.example" }],
      [{}, { origin: "null" }],
      [{}, { origin: page.origin.replace("http:", "https:") }],
      [{}, { "sec-fetch-site": "cross-site" }],
      [{}, { "sec-fetch-site": "same-site" }],
    ];
    const paths = [
      "/check",
      "/restart",
      "/logout",
      "/settings/simple",
      "/settings/section",
      "/password",
      "/backup",
    ];
    for (const path of paths) {
      for (const [fields, headers] of forged) {
        const { status } = await page.send(path, fields, { headers });
        assert.equal(status, 403, JSON.stringify([path, fields, headers]));
      }
    }
    assert.equal((await page.get("/backup")).status, 200);
    const login = browser();
    await login.get("/login");
    const { status } = await login.send("/login", {
      password: PASSWORD,
      form_token: "x",
    });
    assert.equal(status, 403);
    assert.equal((await logIn(login)).headers.location, "/");
  }));

Deno.test("every page keeps scripts, frames and caches out", () =>
  withPage(async ({ owner, browser }) => {
    const page = await owner();
    const pages = [
      "/",
      "/check",
      "/settings",
      "/backup",
      "/password",
      "/restarting",
      "/nowhere",
    ];
    const all = [
      ...await Promise.all(pages.map((path) => page.get(path))),
      await browser().get("/login"),
    ];
    for (const { headers, text } of all) {
      const policy = String(headers["content-security-policy"]);
      assert.match(policy, /^default-src 'none'; /);
      assert.doesNotMatch(policy, /unsafe|\*|data:/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.equal(headers["x-frame-options"], "DENY");
      assert.equal(headers["cache-control"], "no-store");
      assert.match(text, /^<!DOCTYPE html><html lang="en">/);
      // What the policy would not let through, and what is elsewhere.
      assert.doesNotMatch(text, /<script(?! src="\/)|<style| style=| on\w+=/);
      assert.doesNotMatch(text, /(?:src|href|action)="(?!\/|#)/);
    }
    const { headers } = await browser().get("/login");
    for (const line of headers["set-cookie"] ?? []) {
      assert.match(line, /; HttpOnly; SameSite=Strict$/);
    }
  }));

Deno.test("hostile requests are answered, and change nothing", () =>
  withPage(async ({ owner, url }) => {
    const page = await owner();
    const form = "application/x-www-form-urlencoded";
    const cases: [string, string, number][] = [
      [form, "a=".padEnd(70_000, "x"), 413],
      [form, "a&".repeat(600), 413],
      ["multipart/form-data; boundary=x", "--x--", 415],
      ["text/plain", "a=b", 415],
      [form, "%ff%fe&=&&%", 403],
    ];
    for (const [type, body, status] of cases) {
      const answer = await page.send("/check", {}, {
        headers: { "content-type": type },
        body,
      });
      assert.equal(answer.status, status, type);
    }
    assert.equal((await page.get("/settings/../../etc/passwd")).status, 404);
    page.cookies.set("porchlight", "%00".repeat(3000));
    assert.notEqual((await page.get("/backup")).status, 200);
    // Bytes that are no HTTP.
    const { port, hostname } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {/* It is closed on us. */});
      socket.on("close", () => resolve());
      socket.on("data", () => socket.destroy());
      socket.write("\x16\x03\x01 garbage\r\n\r\n");
    });
    assert.equal((await page.get("/page.css")).status, 200);
  }));
