/**
 * The settings of section `[proxy]`: private message routing.
 *
 * @module
 */

import {
  choice,
  flag,
  hosts,
  integer,
  milliseconds,
  text,
} from "./settings.ts";

/** The section with its settings. */
export const proxySection = {
  doc:
    "Private message routing: passing messages on to other relays, so that those do not see who sends them.",
  settings: {
    enabled: flag({
      doc:
        "Pass messages on for those who may create queues here: for everybody, or with `smp.create_password` for those who know it.",
      default: true,
    }),
    minVersion: integer({
      doc: "The oldest version of the SMP protocol spoken to other relays.",
      default: 6,
      min: 6,
      max: 18,
    }),
    maxVersion: integer({
      doc: "The newest version of the SMP protocol spoken to other relays.",
      default: 18,
      min: 6,
      max: 18,
    }),
    clientConcurrency: integer({
      doc:
        "Messages of one app that may be under way at a time. While there are so many, nothing more is read from it.",
      default: 32,
      min: 1,
      max: 10_000,
    }),
    destinationConcurrency: integer({
      doc:
        "Messages to one other relay that may be under way at a time. Those beyond wait for their turn.",
      default: 256,
      min: 1,
      max: 10_000,
    }),
    destinations: integer({
      doc:
        "Other relays to be connected with at a time. When there are more, the ones that are quiet for longest are left.",
      default: 1000,
      min: 1,
      max: 100_000,
    }),
    idleAfterMs: milliseconds({
      doc: "A connection to another relay that is not used is closed then.",
      default: "10m",
      min: "100ms",
      max: "20d",
    }),
    retryMs: milliseconds({
      doc:
        "How long to try again when another relay cannot be reached, before the app is told so. Apps wait for 20 seconds.",
      default: "8s",
      min: "0s",
      max: "15s",
    }),
    errorMemoryMs: milliseconds({
      doc:
        "How long a relay that could not be reached is taken to be unreachable.",
      default: "30s",
      min: "0s",
      max: "1d",
    }),
    allowLocal: flag({
      doc:
        "Also connect to relays at private addresses, such as 192.168.1.2. It lets everybody who may use this relay probe your home network: set it to true for tests only.",
      default: false,
    }),
    hostMode: choice(["public", "onion"], {
      doc:
        "Which host to take of a relay that has several: a public one, or, where `socks_proxy` is set, an onion one.",
      default: "public",
    }),
    requiredHostMode: flag({
      doc: "Do not take a host of the other kind where that is all there is.",
      default: false,
    }),
    socksProxy: text({
      doc:
        "A SOCKS5 proxy, such as Tor's, through which to reach onion hosts: `127.0.0.1:9050`. With `name:password@` before it these are used; with `@` alone, no name at all; else a name made up at the start of the relay, which gives the relay circuits of its own in Tor.",
      default: "",
      defaultDoc: "relays with nothing but an onion host are not reached",
      pattern:
        /^$|^(?:[^:@]+:[^@]*@|@)?(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?::\d{1,5})?$/,
      allowed: 'an IP address or name with a port, such as "127.0.0.1:9050"',
      secret: true,
    }),
    socksMode: choice(["onion", "always"], {
      doc: "Whether `socks_proxy` is for onion hosts only, or for all.",
      default: "onion",
    }),
    ownServerDomains: hosts({
      doc:
        "Domains of relays that are yours too: messages to them are also counted by themselves.",
      default: [],
    }),
  },
} as const;
