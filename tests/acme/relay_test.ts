import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { connect } from "node:tls";
import { loadConfig } from "../../config/mod.ts";
import { Health } from "../../relay/health.ts";
import { createIdentity } from "../../relay/identity/mod.ts";
import { createLog } from "../../relay/log.ts";
import { dialTls, listenTls } from "../../relay/transport/mod.ts";
import { WebCertificate } from "../../relay/web_certificate.ts";
import { hasProgram } from "../packages.ts";
import { createSecured, sends } from "../server/commands.ts";
import { TestRelay } from "../server/harness.ts";
import { freePorts, Pebble, pebblePrograms } from "./pebble.ts";

const programs = await pebblePrograms();
const ignore = typeof programs === "string";

/** The certificate that a browser is shown. */
function shown(port: number, servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      servername,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw));
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    assert.ok(performance.now() < end, "it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function webPart(relay: TestRelay) {
  return relay.relay.parts().find(({ name }) => name === "web certificate");
}

Deno.test({
  name:
    "a relay gets a certificate while it serves, by TLS-ALPN-01 on its port",
  ignore,
  async fn() {
    if (typeof programs === "string") return;
    const [httpPort, tlsPort] = freePorts(2);
    await using pebble = await Pebble.start(programs, { httpPort, tlsPort });
    // The CA is away at the start, which nobody waits for.
    await pebble.stop();
    await using relay = await TestRelay.start({
      set: [
        `listen.ports=${tlsPort}`,
        "acme.enabled=true",
        "acme.names=home.example",
        "acme.challenge=tls-alpn-01",
        `acme.server=${pebble.directory}`,
        `acme.server_ca=${pebble.trust}`,
      ],
    });
    await until(() => webPart(relay)?.state === "degraded");
    assert.match(String(webPart(relay)?.reason), /cannot be reached/);
    await using client = await relay.connect();
    const { to } = await createSecured(client, { subscribe: false });
    await pebble.resume();
    const { webCertificate } = relay.relay.control;
    const answer = await webCertificate.renewNow();
    assert.equal(answer.source, "acme");
    assert.deepEqual(answer.names, ["home.example"]);
    assert.ok(answer.ends !== undefined && answer.problem === undefined);
    assert.equal(webPart(relay)?.state, "ok");
    const first = await shown(tlsPort, "home.example");
    assert.ok(first.checkHost("home.example"));
    // Another one comes, and the app's connection stays.
    await webCertificate.renewNow();
    const second = await shown(tlsPort, "home.example");
    assert.notEqual(second.serialNumber, first.serialNumber);
    assert.equal(await sends(client, "still here", to), "OK");
    // After a restart it is there at once, with the CA away.
    await pebble.stop();
    await client.smp.close();
    await relay.restart([
      `listen.ports=${tlsPort}`,
      "acme.enabled=true",
      "acme.names=home.example",
      `acme.server=${pebble.directory}`,
      `acme.server_ca=${pebble.trust}`,
    ]);
    const third = await shown(tlsPort, "home.example");
    assert.equal(third.serialNumber, second.serialNumber);
  },
});

Deno.test("a certificate from elsewhere that is missing does not keep a relay from starting", async () => {
  const directory = await Deno.makeTempDir();
  await using relay = await TestRelay.start({
    set: [
      `tls.web_certificate=${join(directory, "cert.pem")}`,
      `tls.web_key=${join(directory, "key.pem")}`,
    ],
  });
  await using client = await relay.connect();
  await createSecured(client);
  assert.equal(webPart(relay)?.state, "degraded");
  assert.match(String(webPart(relay)?.remedy), /tls\.web_certificate/);
  await Deno.remove(directory, { recursive: true });
});

Deno.test({
  name:
    "a certificate from elsewhere is read again when it changes, and nobody is cut off",
  ignore: !await hasProgram("openssl"),
  fn: readAgain,
});

async function readAgain(): Promise<void> {
  const directory = await Deno.makeTempDir();
  const certificate = join(directory, "cert.pem");
  const key = join(directory, "key.pem");
  const renew = async (name: string) => {
    const made = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "9"],
        ...["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", `/CN=${name}`],
        ...["-addext", `subjectAltName=DNS:${name}`],
        ...["-keyout", key, "-out", certificate],
      ],
      stdin: "null",
      stderr: "null",
    }).output();
    assert.ok(made.success);
  };
  await renew("one.example");
  const web = new WebCertificate({
    config: loadConfig({
      env: {},
      set: [
        `data.directory=${directory}`,
        `tls.web_certificate=${certificate}`,
        `tls.web_key=${key}`,
      ],
    }),
    health: new Health(createLog({ level: "error", write: () => {} })),
    leased: () => undefined,
    lookMs: 20,
  });
  const identity = await createIdentity(join(directory, "identity"));
  await using listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    onConnection: async (connection) => {
      // Answers what it is told, for as long as it is told something.
      for (;;) {
        const bytes = await connection.read();
        if (bytes === undefined) return;
        connection.write(bytes);
      }
    },
  });
  await web.start(listener);
  const [{ port }] = listener.addresses;
  const connection = await dialTls("127.0.0.1", port, {
    serverName: "one.example",
    web: true,
  });
  const echo = async () => {
    connection.write(new TextEncoder().encode("hello"));
    return (await connection.read())?.length;
  };
  assert.equal(await echo(), 5);
  assert.ok((await shown(port, "x")).checkHost("one.example"));
  await renew("two.example");
  for (let tries = 0;; tries++) {
    if ((await shown(port, "x")).checkHost("two.example")) break;
    assert.ok(tries < 100);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  assert.equal(await echo(), 5);
  // Half of a pair: the old one stays, and the owner is told.
  await Deno.writeTextFile(key, "damaged");
  await until(() => web.part()?.state === "degraded");
  assert.ok((await shown(port, "x")).checkHost("two.example"));
  await renew("three.example");
  await until(() => web.part()?.state === "ok");
  assert.ok((await shown(port, "x")).checkHost("three.example"));
  await connection.close();
  await web[Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
}
