import assert from "node:assert/strict";
import { dialTls } from "../../relay/transport/mod.ts";
import { connectHttp1, HTTP1_ALPN } from "../../relay/http1/mod.ts";
import { TestDirectory } from "../testing.ts";
import { DirectoryPages } from "./mod.ts";
import { addRelay } from "./testing.ts";
import { LAND_PATH, MAP, placeOf, regionName } from "./world.ts";

const PAST = { days: 30, failures: 0.02, milliseconds: 90 };

class TestPages implements AsyncDisposable {
  readonly directory: TestDirectory;
  readonly errors: unknown[] = [];
  readonly #pages: DirectoryPages;
  #visitor = 0;

  private constructor(directory: TestDirectory) {
    this.directory = directory;
    this.#pages = new DirectoryPages({
      directory: directory.directory,
      facts: () => ({
        name: "relays.example.org",
        address: "porchlight://AAAA@relays.example.org:443",
        contact: "<b>operator</b>",
        software: "Porchlight test",
      }),
      onError: (error) => this.errors.push(error),
    });
  }

  static async start(): Promise<TestPages> {
    return new TestPages(await TestDirectory.start());
  }

  /** A request, each of another network unless it says which. */
  ask(target: string, { method = "GET", source = "" } = {}) {
    const request = {
      method,
      target,
      fields: new Map(),
      body: new Uint8Array(),
    };
    const other = `198.51.${this.#visitor++}.1`;
    return this.#pages.handle(request, source || other);
  }

  async html(target: string): Promise<string> {
    const { status, body } = await this.ask(target);
    assert.equal(status, 200, target);
    assert.equal(typeof body, "string");
    return String(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.directory[Symbol.asyncDispose]();
    assert.deepEqual(this.errors, []);
  }
}

/** Relays of a page, by the names of their links. */
function namesIn(html: string): string[] {
  return [...html.matchAll(/class="name"[^>]*>(.*?)<\/a>/g)].map(([, name]) =>
    name.replaceAll(/<.*?>/g, "")
  );
}

Deno.test("hostile words of relays stay words, and nothing comes from elsewhere", async () => {
  await using pages = await TestPages.start();
  const { directory } = pages.directory;
  const fingerprint = addRelay(directory, {
    region: '"><script>1',
    family: "<script>alert(1)</script>",
    contact: "<img src=x onerror=alert(1)> &amp; 'quoted' \"twice\"",
    software: "</code><script src=//evil.example>",
  }, PAST);
  // Arabic, which runs from right to left, is allowed; marks that turn what
  // follows are refused with the descriptor.
  addRelay(directory, { family: "\u0645\u0646\u0627\u0631\u0629" }, PAST);
  assert.throws(
    () => addRelay(directory, { family: "\u202egro.elpmaxe" }, PAST),
    RangeError,
  );
  const paths = [
    "/",
    "/map",
    "/about",
    `/relay/${encodeURIComponent(fingerprint)}`,
    "/?q=%22%3E%3Cscript%3E1&region=%3Cscript%3E&role=%3Cscript%3E",
    "/nothing%22%3E%3Cscript%3E",
  ];
  for (const path of paths) {
    const { body, fields = {} } = await pages.ask(path);
    const html = String(body);
    assert.doesNotMatch(html, /<script|<img src=x|onerror=alert\(1\)>/i, path);
    assert.doesNotMatch(html, /\sstyle=|\son\w+="/, path);
    // All that is loaded or linked is of this directory.
    for (const [, url] of html.matchAll(/(?:href|src|action)="(.*?)"/g)) {
      assert.match(url, /^\/(?!\/)|^#main$/, path);
    }
    const policy = fields["content-security-policy"];
    assert.match(policy, /default-src 'none'/, path);
    assert.doesNotMatch(policy, /unsafe|script-src/, path);
    assert.equal(fields["x-content-type-options"], "nosniff");
  }
  const html = await pages.html(`/relay/${fingerprint}`);
  assert.match(html, /&lt;img src=x onerror=alert\(1\)&gt; &amp;amp;/);
  assert.match(html, /<bdi>&lt;script&gt;alert\(1\)&lt;\/script&gt;<\/bdi>/);
});

Deno.test("the list is searched, filtered, ordered and cut into pages", async () => {
  await using pages = await TestPages.start();
  const { directory } = pages.directory;
  const add = (
    host: string,
    says: Parameters<typeof addRelay>[1],
    past: Partial<typeof PAST> = {},
  ) =>
    addRelay(directory, {
      addresses: [{ scheme: "smp", hosts: [host], port: 443 }],
      ...says,
    }, { ...PAST, ...past });
  add("good.example", { region: "DE", family: "Lantern" }, { failures: 0 });
  add("fast.example", { region: "FR" }, { failures: 0.1, milliseconds: 40 });
  add("closed.example", { region: "de", open: false });
  add("files.example", {
    addresses: [{ scheme: "xftp", hosts: ["files.example"], port: 443 }],
    roles: ["xftp"],
  }, { failures: 0.3 });
  const names = async (query: string) => namesIn(await pages.html(`/${query}`));
  assert.equal((await names("")).length, 4);
  assert.equal((await names(""))[0], "good.example");
  assert.equal((await names("?order=speed"))[0], "fast.example");
  assert.deepEqual(await names("?q=LANTERN"), ["good.example"]);
  assert.deepEqual(await names("?q=france"), ["fast.example"]);
  assert.deepEqual(await names("?role=xftp"), ["files.example"]);
  assert.deepEqual((await names("?region=DE")).toSorted(), [
    "closed.example",
    "good.example",
  ]);
  assert.deepEqual(await names("?region=DE&usable=1"), ["good.example"]);
  assert.ok(!(await names("?min_score=90")).includes("files.example"));
  assert.deepEqual(
    await names("?min_score=x&page=-1&order=odd"),
    await names(""),
  );
  assert.match(await pages.html("/?q=nobody"), /Ask for less/);

  await using many = await TestPages.start();
  for (let relay = 0; relay < 45; relay++) {
    addRelay(many.directory.directory, {}, { ...PAST, days: 2 });
  }
  const first = await many.html("/");
  assert.equal(namesIn(first).length, 40);
  assert.match(first, /href="\/\?page=2"/);
  assert.equal(namesIn(await many.html("/?page=2")).length, 5);
  assert.equal(namesIn(await many.html("/?page=99")).length, 5);
});

Deno.test("a relay's page has its address, its history, and what is wrong", async () => {
  await using pages = await TestPages.start();
  const { directory } = pages.directory;
  const bad = { days: 60, failures: 0.2, milliseconds: 700 };
  const fingerprint = addRelay(directory, {}, bad);
  const html = await pages.html(`/relay/${fingerprint}`);
  assert.ok(html.includes(`smp://${fingerprint}@127.0.0.1:5223`));
  assert.match(html, /class="qr"/);
  assert.equal(
    html.match(/<rect class="(ok|some|none|nodata)" x="/g)?.length,
    154,
  );
  assert.match(html, /It answered 8\d % of the probes of 30 days/);
  assert.match(html, /class="remedy"/);
  assert.match(html, /probes of 30 days that worked/);

  const friends = addRelay(directory, { open: false }, PAST);
  const closed = await pages.html(`/relay/${friends}`);
  assert.doesNotMatch(closed, /class="qr"/);
  assert.match(closed, /takes a\s+password/);

  for (const path of ["/relay/AAAA", "/relay/%FF", "/relay/", "//x", "/none"]) {
    assert.equal((await pages.ask(path)).status, 404, path);
  }
  assert.equal((await pages.ask("/", { method: "POST" })).status, 405);
  const { status, fields } = await pages.ask("/directory.css");
  assert.equal(status, 200);
  assert.match(fields?.["content-type"] ?? "", /^text\/css/);
});

Deno.test("the map shows regions that it knows and lists all", async () => {
  await using pages = await TestPages.start();
  const { directory } = pages.directory;
  for (const region of ["DE", "DE", "Europe", "Atlantis"]) {
    addRelay(directory, { region }, PAST);
  }
  addRelay(directory, {}, PAST);
  const html = await pages.html("/map");
  assert.match(html, /aria-label="Germany: 2"/);
  assert.match(html, /<bdi>Atlantis<\/bdi><span>1<\/span>/);
  assert.doesNotMatch(html, /aria-label="Atlantis/);
  assert.match(html, /1 relay does not say where it is/);

  const place = placeOf("nz");
  assert.ok(place && place.x < MAP.width && place.y < MAP.height);
  assert.equal(regionName("gb"), "United Kingdom");
  assert.equal(regionName("zz?"), "zz?");
  assert.doesNotMatch(LAND_PATH, /NaN|undefined/);
});

Deno.test("one network that asks for too many pages waits", async () => {
  await using pages = await TestPages.start();
  const source = "203.0.113.9";
  let status = 200;
  for (let turn = 0; turn < 200 && status === 200; turn++) {
    ({ status } = await pages.ask("/icon.svg", { source }));
  }
  assert.equal(status, 429);
  assert.equal((await pages.ask("/icon.svg")).status, 200);
});

Deno.test("the pages are on the core's port, and its metrics are not", async () => {
  const { makeWorld } = await import("../../tests/core/world.ts");
  await using world = await makeWorld();
  await using core = await world.core("metrics.address=127.0.0.1:0");
  const connection = await dialTls("127.0.0.1", core.ports[0], {
    alpn: [HTTP1_ALPN],
  });
  await using client = connectHttp1(connection, { host: "relays.test" });
  const get = async (target: string) =>
    await client.request({ method: "GET", target });
  const list = await get("/");
  assert.equal(list.status, 200);
  assert.match(new TextDecoder().decode(list.body), /No relay has registered/);
  assert.equal((await get("/v1/params")).status, 200);
  assert.equal((await get("/metrics")).status, 404);
  const answer = await fetch(core.metricsUrl ?? "");
  const text = await answer.text();
  assert.match(text, /^porchlight_core_directory_established 0$/m);
  assert.match(text, /^porchlight_core_directory_requests_total 1$/m);
});
