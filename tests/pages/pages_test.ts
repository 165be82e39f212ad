/** Pages on the relay's own port, as browsers ask for them. */
import assert from "node:assert/strict";
import { dialTls } from "../../relay/transport/mod.ts";
import { startPagesRelay } from "./relay.ts";

const CURL = await hasCurl();
const EVIL = "<script>alert(1)</script>";

for (const version of ["1.1", "2"]) {
  for (const files of [true, false]) {
    Deno.test({
      name: `pages over HTTP/${version}, ${files ? "with" : "without"} files`,
      ignore: !CURL, // curl is not installed, or has no HTTP/2
      fn: () => asBrowser({ version, files }),
    });
  }
}

Deno.test({
  name: "without a certificate for browsers there are pages as well",
  ignore: !CURL, // curl is not installed, or has no HTTP/2
  fn: async () => {
    await using relay = await startPagesRelay({ web: false });
    for (const version of ["1.1", "2"]) {
      const answer = await curl(relay.url, "/a", { version });
      assert.deepEqual([answer.version, answer.status], [version, 200]);
    }
  },
});

Deno.test("what no browser would say is turned down, and nothing breaks", async () => {
  await using relay = await startPagesRelay({ web: true });
  for (
    const [said, expected] of [
      [`GET /${EVIL} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 404 /],
      [`GET /a?${EVIL} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 200 /],
      ["GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 404 /],
      [
        "DELETE / HTTP/1.1\r\nhost: x\r\n\r\n",
        /^HTTP\/1\.1 405 .*allow: GET, HEAD/s,
      ],
      ["GET https://x/ HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 400 /],
      [
        `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n`,
        /^HTTP\/1\.1 413 /,
      ],
      [`GET /${"a".repeat(9000)} HTTP/1.1\r\n`, /^HTTP\/1\.1 413 /],
    ] as const
  ) {
    const answer = await say(relay.port, said);
    assert.match(answer, expected, said.slice(0, 60));
    assert.ok(!answer.includes("alert(1)"));
  }
  assert.ok(relay.parts().every(({ state }) => state === "ok"));
});

async function asBrowser(
  { version, files }: { version: string; files: boolean },
): Promise<void> {
  await using relay = await startPagesRelay({
    web: true,
    set: [
      `xftp.enabled=${files}`,
      "information.source_code=https://example.org/code",
      `information.operator=${EVIL}`,
    ],
  });
  const ask = (path: string, args: string[] = []) =>
    curl(relay.url, path, { version, args });

  const home = await ask("/");
  assert.deepEqual([home.version, home.status], [version, 200]);
  assert.match(home.head, /content-security-policy: default-src 'none'/);
  assert.ok(home.body.includes("&lt;script&gt;alert(1)"));
  assert.ok(!home.body.includes(EVIL));
  assert.equal(/<h2>Files/.test(home.body), files);

  for (
    const path of ["/a", "/c/", "/g", "/i", "/r", "/contact", "/invitation"]
  ) {
    const page = await ask(`${path}?x=alert(1)`);
    assert.equal(page.status, 200);
    assert.match(page.body, /id="open"/);
    assert.ok(!page.body.includes("alert(1)"));
  }
  const json = await ask("/.well-known/apple-app-site-association");
  assert.match(json.head, /content-type: application\/json/);
  assert.ok(JSON.parse(json.body).applinks);
  assert.match((await ask("/robots.txt")).body, /Disallow: \/\n/);
  assert.match((await ask("/favicon.svg")).head, /image\/svg\+xml/);

  const head = await ask("/", ["-I"]);
  assert.deepEqual([head.status, head.body], [200, ""]);
  assert.match(head.head, new RegExp(`content-length: ${home.bytes}\r`));
  const tag = /etag: (\S+)/.exec(home.head)?.[1];
  const again = await ask("/", ["-H", `if-none-match: ${tag}`]);
  assert.deepEqual([again.status, again.body], [304, ""]);

  assert.equal((await ask("/alert(1)")).status, 404);
  const put = await ask("/", ["-X", "PUT"]);
  assert.equal(put.status, 405);
  assert.match(put.head, /allow: GET, HEAD/);
  assert.ok(relay.parts().every(({ state }) => state === "ok"));
}

interface Answer {
  readonly version: string;
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Length of the body in bytes. */
  readonly bytes: number;
}

async function curl(
  url: string,
  path: string,
  { version, args = [] }: { version: string; args?: readonly string[] },
): Promise<Answer> {
  const { stdout, stderr } = await new Deno.Command("curl", {
    args: [
      ...["-sSki", "--max-time", "20", "--path-as-is", `--http${version}`],
      ...args,
      url + path,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const end = text.indexOf("\r\n\r\n");
  assert.ok(end > 0, new TextDecoder().decode(stderr));
  const head = text.slice(0, end + 2);
  const [, spoken, status] = /^HTTP\/(\S+) (\d+)/.exec(head) ?? [];
  const body = text.slice(end + 4);
  return {
    version: spoken,
    status: Number(status),
    head,
    body,
    bytes: new TextEncoder().encode(body).length,
  };
}

/** Everything that the relay answers to these bytes. */
async function say(port: number, text: string): Promise<string> {
  await using connection = await dialTls("127.0.0.1", port, {
    alpn: ["http/1.1"],
    serverName: "localhost",
    web: true,
  });
  connection.write(new TextEncoder().encode(text.replace(
    "host: x\r\n",
    "host: x\r\nconnection: close\r\n",
  )));
  let answer = "";
  for (let bytes; (bytes = await connection.read()) !== undefined;) {
    answer += new TextDecoder().decode(bytes);
  }
  return answer;
}

async function hasCurl(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("curl", { args: ["-V"] })
      .output();
    return new TextDecoder().decode(stdout).includes("HTTP2");
  } catch {
    return false;
  }
}
