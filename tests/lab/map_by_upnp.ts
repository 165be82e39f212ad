/**
 * Maps a port by the relay's own UPnP client, for a place in the lab.
 * `map_by_upnp.ts FAMILY INTERNAL-PORT EXTERNAL-PORT` prints a line of JSON
 * for what was granted, waits for SIGUSR1, checks, renews, and prints the next;
 * at SIGTERM it removes the mapping and ends. What fails is printed as well.
 *
 * @module
 */

import { MappingError, readLinks, upnpMapper } from "../../nat/mod.ts";

const [family, internalPort, externalPort] = Deno.args.map(Number);
const patience = () => AbortSignal.timeout(8_000);

try {
  const started = performance.now();
  const [link] = await readLinks(family === 6 ? 6 : 4);
  if (link === undefined) throw new MappingError("no network", "No route.");
  let mapping = await upnpMapper().map(
    { internalPort, externalPort, lifetimeSeconds: 600 },
    { link, signal: patience() },
  );
  const milliseconds = Math.round(performance.now() - started);
  let known = await mapping.check(patience());
  const tell = () =>
    console.log(JSON.stringify({ ...mapping, milliseconds, known }));
  const ended = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", ended.resolve);
  const again = async () => {
    known = await mapping.check(patience());
    mapping = await mapping.renew(patience());
    tell();
  };
  Deno.addSignalListener("SIGUSR1", () => void again().catch(ended.reject));
  tell();
  await ended.promise;
  await mapping.remove(patience());
  console.log(JSON.stringify({ known: await mapping.check(patience()) }));
  Deno.exit();
} catch (error) {
  if (!(error instanceof MappingError)) throw error;
  const { failure, code, message } = error;
  console.log(JSON.stringify({ failure, code, message }));
  Deno.exit(1);
}
