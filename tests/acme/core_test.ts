import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { eventually, makeWorld } from "../core/world.ts";
import { freePorts, Pebble, pebblePrograms } from "./pebble.ts";

const programs = await pebblePrograms();

Deno.test({
  name: "the name that a core has given is proven by the core's own DNS",
  ignore: typeof programs === "string",
  async fn() {
    if (typeof programs === "string") return;
    await using world = await makeWorld();
    await using core = await world.core();
    const [httpPort, tlsPort] = freePorts(2);
    await using pebble = await Pebble.start(programs, {
      httpPort,
      tlsPort,
      dnsPort: world.dnsPort,
    });
    await using relay = await startRelay({
      config: loadConfig({
        set: [
          `data.directory=${join(world.directory, "relay")}`,
          "listen.addresses=127.0.0.1",
          "listen.ports=0",
          "path.map_port=false",
          `path.core=${core.address.replace("relays.test", "127.0.0.1")}`,
          "path.core_label=attic",
          "onion.enabled=off",
          "acme.enabled=true",
          `acme.server=${pebble.directory}`,
          `acme.server_ca=${pebble.trust}`,
        ],
        env: {},
      }),
      log: createLog({ level: "error", write: () => {} }),
    });
    await eventually(() => core.counts().links === 2);
    const { webCertificate } = relay.control;
    await eventually(() =>
      webCertificate.answer().names?.[0] === "attic.relays.test"
    );
    const answer = await webCertificate.renewNow();
    assert.ok(answer.ends !== undefined, answer.problem);
    assert.equal(answer.problem, undefined);
  },
});
