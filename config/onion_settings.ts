/**
 * The settings of section `[onion]`: an address in the Tor network.
 *
 * @module
 */

import { choice, text } from "./settings.ts";

/** The section with its settings. */
export const onionSection = {
  doc:
    "An onion address: with Tor on this machine (`sudo apt install tor`) the relay can also be reached through it, whatever the router does.",
  settings: {
    enabled: choice(["auto", "on", "off"], {
      doc:
        'Whether to have one. With "auto", the relay has one where it finds a Tor that it may use, and says nothing where there is none.',
      default: "auto",
    }),
    control: text({
      doc:
        "Tor's control port, with which the relay asks for its onion address: a port of this machine or the path of a socket.",
      default: "",
      defaultDoc: "`/run/tor/control`, or else `127.0.0.1:9051`",
      pattern:
        /^$|^\/[^\0]*$|^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/,
      allowed: 'such as "127.0.0.1:9051" or "/run/tor/control"',
    }),
    controlPassword: text({
      doc:
        "The password that Tor wants for it, if it has `HashedControlPassword` in its settings.",
      default: "",
      defaultDoc: "Tor's cookie file is used",
      secret: true,
    }),
  },
} as const;
