/**
 * Prints what the router says of itself by SSDP, a line of JSON each, for a
 * place in the lab. `watch_router.ts FAMILY`
 *
 * @module
 */

import { readLinks } from "../../nat/mod.ts";
import { watchSsdp } from "../../nat/upnp/mod.ts";

const [link] = await readLinks(Deno.args[0] === "6" ? 6 : 4);
const watching = watchSsdp({
  link,
  signal: AbortSignal.timeout(30_000),
  onAlive: (notice) => console.log(JSON.stringify(notice)),
});
console.log("ready");
await watching;
