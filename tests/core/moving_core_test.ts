import { strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { listenTls } from "../../relay/transport/mod.ts";
import { Link } from "../../tunnel/mux/mod.ts";
import { MessageStream } from "../../tunnel/protocol/mod.ts";
import { eventually, makeWorld } from "./world.ts";

Deno.test("A core that gives one port after the other does not use up a home's sockets", async () => {
  await using world = await makeWorld();
  const core = await world.core();
  await core.stop();
  const { chainPem, keyPem } = core.identity;
  let given = 0;
  await using _hostile = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: world.port }],
    credentials: { certificates: chainPem, key: keyPem },
    alpn: ["porchlight-tunnel/1"],
    requestClientCertificate: true,
    async onConnection(connection) {
      const link = new Link(connection, {
        role: "server",
        async onStream(stream) {
          const messages = new MessageStream(stream);
          await messages.receive();
          await messages.send({
            type: "welcome",
            software: "hostile",
            lease: {
              name: "attic.relays.test",
              port: world.leases.first + given++,
            },
            core: [],
            source: "127.0.0.1",
            visitors: 100,
          });
          await link.drain(0);
        },
      });
      await link.ended;
    },
  });
  await using relay = await startRelay({
    config: loadConfig({
      set: [
        `data.directory=${join(world.directory, "relay")}`,
        "listen.addresses=127.0.0.1",
        "listen.ports=0",
        "path.map_port=false",
        `path.core=${core.address.replace("relays.test", "127.0.0.1")}`,
        "onion.enabled=off",
      ],
      env: {},
    }),
    log: createLog({ level: "error", write: () => {} }),
  });
  await eventually(() => given >= 8, 20_000);
  const part = () =>
    relay.parts().find(({ reason }) => /again/.test(reason ?? ""));
  await eventually(() => part() !== undefined);
  strictEqual(relay.ports.length, 5);
});
