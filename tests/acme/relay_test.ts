import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { connect } from "node:tls";
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
