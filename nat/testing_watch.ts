/**
 * Writes the routers of this machine, with its addresses in their networks,
 * and again whenever they change: for tests, which end it.
 *
 * @module
 */

import { readLinks, watchNetwork } from "./network.ts";

async function tell(): Promise<void> {
  const families = await Promise.all([readLinks(4), readLinks(6)]);
  console.log(JSON.stringify(
    families.map((links) =>
      links.map(({ gateway, localAddress }) => `${gateway} ${localAddress}`)
    ),
  ));
}

const watching = watchNetwork({
  signal: new AbortController().signal,
  onChange: tell,
  intervalMs: 300,
});
await tell();
await watching;
