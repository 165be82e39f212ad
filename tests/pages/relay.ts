/**
 * A relay on loopback with pages for browsers.
 *
 * @module
 */

import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { webCredentials } from "../xftp/web_credentials.ts";

/** @param options.set settings beside those that tests need. */
export async function startPagesRelay(
  { web, set = [] }: { web: boolean; set?: readonly string[] },
) {
  const directory = await Deno.makeTempDir();
  await using started = new AsyncDisposableStack();
  started.defer(() => Deno.remove(directory, { recursive: true }));
  const browsers: string[] = [];
  if (web) {
    const { certificates, key } = await webCredentials();
    const files = [join(directory, "web.crt"), join(directory, "web.key")];
    await Deno.writeTextFile(files[0], certificates);
    await Deno.writeTextFile(files[1], key);
    browsers.push(`tls.web_certificate=${files[0]}`, `tls.web_key=${files[1]}`);
  }
  const config = loadConfig({
    set: [
      ...browsers,
      `data.directory=${directory}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      "path.map_port=false",
      "onion.enabled=off",
      "address.hosts=127.0.0.1",
      ...set,
    ],
    env: {},
  });
  const log = createLog({ level: "error" });
  const relay = started.use(await startRelay({ config, log }));
  const running = started.move();
  const [port] = relay.ports;
  return {
    port,
    url: `https://localhost:${port}`,
    parts: () => relay.parts(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
