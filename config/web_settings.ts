/**
 * The settings of section `[web]`: the box's own page.
 *
 * @module
 */

import { flag, hosts, text } from "./settings.ts";

/** The section with its settings. */
export const webSection = {
  doc:
    "The relay's own page, for a browser in the same network: `http://<this machine>:8080`. Described in `docs/page.md`.",
  settings: {
    enabled: flag({
      doc:
        "Serve the page. Whoever opens it first, from the same network, chooses the owner's password.",
      default: false,
    }),
    address: text({
      doc:
        "The address and port of this machine on which it is served. Only machines of the same network are answered.",
      default: "0.0.0.0:8080",
      pattern: /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}$/,
      allowed: 'an IP address with a port: "0.0.0.0:8080" or "[::]:8080"',
    }),
    hosts: hosts({
      doc:
        "More names under which browsers may ask for the page, besides `porchlight.local`, this machine's own name and its IP addresses.",
      default: [],
    }),
    name: text({
      doc: "What the page calls this relay.",
      default: "",
      defaultDoc: "Porchlight",
      pattern: /^\P{C}{0,60}$/u,
      allowed: "a name of at most 60 characters",
    }),
  },
} as const;
