/**
 * One port for apps and browsers: certificate by server name, CORS, the
 * handshake of browsers (the reference's "XFTP SNI and CORS").
 */
import assert from "node:assert/strict";
import http2 from "node:http2";
import tls from "node:tls";
import { X509Certificate } from "node:crypto";
import {
  authKeyFromRaw,
  randomBytes,
  verifySignature,
} from "../../relay/crypto/mod.ts";
import { dialTls, listenTls } from "../../relay/transport/mod.ts";
import { concatBytes } from "../../relay/wire/mod.ts";
import {
  decodeXftpHandshakeError,
  decodeXftpServerHandshake,
  encodeXftpClientHandshake,
  encodeXftpClientHello,
} from "../../relay/xftp/handshake_codec.ts";
import {
  decodeXftpResponseBlock,
  encodeXftpCommandBlock,
  xftpParams,
} from "../../relay/xftp/codec.ts";
import { create, Harness, randomChunk } from "./harness.ts";
import { webCredentials } from "./web_credentials.ts";

const web = await webCredentials();

Deno.test("the certificate depends on the server name", async () => {
  await using harness = await start();
  const named = await dialTls("127.0.0.1", harness.port, {
    alpn: ["xftp/1"],
    serverName: "localhost",
    handshakeTimeoutMs: 5000,
  }).catch((error) => error);
  // SimpleX apps have no signatures of ECDSA: the web certificate is not theirs.
  assert.ok(named instanceof Error);
  await using unnamed = await dialTls("127.0.0.1", harness.port, {
    alpn: ["xftp/1"],
  });
  assert.deepEqual(unnamed.peerCertificates[0], harness.identity.chain[0]);
  await using browser = await Browser.connect(harness.port);
  assert.equal(browser.alpn, "h2");
  const [leaf] = web.certificates.split(/(?<=-----END CERTIFICATE-----)/);
  assert.equal(
    await certificateOf(harness.port),
    new X509Certificate(leaf).fingerprint256,
  );
  await using client = await harness.client();
  await client.ping();
});

Deno.test("browsers get CORS headers, apps do not", async () => {
  await using harness = await start();
  await using browser = await Browser.connect(harness.port);
  const preflight = await browser.request({ ":method": "OPTIONS" });
  assert.equal(preflight.headers[":status"], 200);
  assert.equal(
    preflight.headers["access-control-allow-methods"],
    "POST, OPTIONS",
  );
  assert.equal(preflight.headers["access-control-allow-headers"], "*");
  assert.equal(preflight.headers["access-control-max-age"], "86400");
  const hello = await browser.request({ "xftp-web-hello": "1" });
  assert.equal(hello.headers["access-control-allow-origin"], "*");
  assert.equal(hello.headers["access-control-expose-headers"], "*");
});

Deno.test("a browser shakes hands, and may do so again", async () => {
  await using harness = await start();
  await using browser = await Browser.connect(harness.port);
  const stale = await browser.request({}, new Uint8Array(16384));
  assert.deepEqual(decodeXftpHandshakeError(stale.body), { type: "SESSION" });
  const { sessionId, versions } = await shakeHands(browser, harness);
  assert.deepEqual(versions, { min: 1, max: 3 });
  await ping(browser, sessionId);
  const again = await shakeHands(browser, harness);
  assert.deepEqual(again.sessionId, sessionId);
  await ping(browser, sessionId);
  await using app = await harness.client();
  const chunk = randomChunk();
  const { sender, recipient } = await create(app, chunk);
  await app.upload(sender, chunk.content);
  await app.download(recipient, chunk);
});

Deno.test("another fingerprint ends the handshake", async () => {
  await using harness = await start();
  await using browser = await Browser.connect(harness.port);
  await browser.request({ "xftp-web-hello": "1" });
  const refused = await browser.request(
    { "xftp-handshake": "1" },
    encodeXftpClientHandshake({ version: 3, fingerprint: randomBytes(32) }),
  );
  assert.deepEqual(decodeXftpHandshakeError(refused.body), {
    type: "HANDSHAKE",
  });
});

Deno.test("a web certificate that cannot be used is told", () => {
  assert.throws(
    () =>
      listenTls({
        addresses: [{ hostname: "127.0.0.1", port: 0 }],
        credentials: web,
        web: { credentials: { ...web, key: "" } },
        onConnection: () => {},
      }),
    /no key|OpenSSL|certificate/,
  );
});

function start(): Promise<Harness> {
  const tls = { web: { credentials: web, alpn: ["h2", "xftp/1"] } };
  return Harness.start({ tls });
}

async function shakeHands(browser: Browser, { identity }: Harness) {
  const webChallenge = randomBytes(32);
  const hello = await browser.request(
    { "xftp-web-hello": "1" },
    encodeXftpClientHello({ webChallenge }),
  );
  const handshake = decodeXftpServerHandshake(hello.body);
  assert.ok(handshake && !("error" in handshake));
  assert.deepEqual(handshake.key.chain, identity.chain);
  const { sessionId, webIdentityProof } = handshake;
  assert.ok(webIdentityProof);
  const leaf = new X509Certificate(handshake.key.chain[0]);
  const spki = leaf.publicKey.export({ type: "spki", format: "der" });
  const algorithm = identity.leafAlgorithm;
  const size = algorithm === "ed25519" ? 32 : 57;
  assert.ok(
    verifySignature(authKeyFromRaw(algorithm, spki.subarray(-size)), {
      message: concatBytes(webChallenge, sessionId),
      signature: webIdentityProof,
    }),
  );
  const answer = await browser.request(
    { "xftp-handshake": "1" },
    encodeXftpClientHandshake({
      version: 3,
      fingerprint: identity.fingerprint,
    }),
  );
  assert.equal(answer.body.length, 0);
  return handshake;
}

async function ping(browser: Browser, sessionId: Uint8Array): Promise<void> {
  const params = xftpParams(3, sessionId);
  const none = new Uint8Array(0);
  const { body } = await browser.request(
    {},
    encodeXftpCommandBlock(params, {
      correlationId: none,
      entityId: none,
      command: { tag: "PING" },
    }),
  );
  const answer = decodeXftpResponseBlock(params, body);
  assert.deepEqual("response" in answer && answer.response, { tag: "PONG" });
}

/** What the relay shows to a client that asks for a name. */
async function certificateOf(port: number): Promise<string> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    rejectUnauthorized: false,
  });
  try {
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}

/** HTTP/2 over another TLS than ours, as a browser does it. */
class Browser implements AsyncDisposable {
  readonly #session: http2.ClientHttp2Session;
  readonly alpn: string | undefined;

  private constructor(session: http2.ClientHttp2Session) {
    this.#session = session;
    this.alpn = session.alpnProtocol;
  }

  static async connect(port: number): Promise<Browser> {
    const session = http2.connect(`https://localhost:${port}`, {
      rejectUnauthorized: false,
    });
    await new Promise((resolve, reject) => {
      session.once("connect", resolve);
      session.once("error", reject);
    });
    return new Browser(session);
  }

  request(
    headers: http2.OutgoingHttpHeaders,
    body: Uint8Array = new Uint8Array(0),
  ): Promise<{ headers: http2.IncomingHttpHeaders; body: Uint8Array }> {
    const { promise, resolve, reject } = Promise.withResolvers<
      { headers: http2.IncomingHttpHeaders; body: Uint8Array }
    >();
    const stream = this.#session.request({
      ":method": "POST",
      ":path": "/",
      ...headers,
    }, { endStream: body.length === 0 });
    let answered: http2.IncomingHttpHeaders = {};
    const parts: Uint8Array[] = [];
    stream.on("response", (headers) => answered = headers);
    stream.on("data", (part: Uint8Array) => parts.push(part));
    stream.on(
      "end",
      () => resolve({ headers: answered, body: concatBytes(...parts) }),
    );
    stream.on("error", reject);
    if (body.length > 0) stream.end(body);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#session.close(resolve));
  }
}
