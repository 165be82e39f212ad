/**
 * The settings of section `[core]`: the public server of a community, which
 * `porchlight core` runs.
 *
 * @module
 */

import {
  flag,
  hosts,
  integer,
  ipAddresses,
  ports,
  size,
  text,
} from "./settings.ts";

/** The section with its settings. */
export const coreSection = {
  doc:
    "For `porchlight core` only: a public server that gives a community's home relays names, ports and a way in.",
  settings: {
    domain: text({
      doc:
        "The domain of the relays' names, which has to be delegated to this machine: relays are called `<label>.<domain>`.",
      default: "",
      pattern: /^(?:(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d-]{2,63})?$/,
      allowed: 'a domain in small letters, such as "relays.example.org"',
    }),
    addresses: hosts({
      doc:
        "The public IP addresses of this machine, which names point to while a relay cannot be reached at home.",
      default: [],
      defaultDoc: "the public addresses of this machine's interfaces",
    }),
    ipv6Prefix: text({
      doc:
        "An IPv6 prefix that is routed to this machine. Names of relays that are reached through it then have an IPv6 address of their own out of it, and this machine has to take all of them for its own: `ip -6 route add local <prefix> dev lo`.",
      default: "",
      defaultDoc: "relays share this machine's own address",
      pattern: /^(?:[0-9a-fA-F:]+\/\d{1,3})?$/,
      allowed: 'a prefix of at most 112 bits, such as "2001:db8:1:2::/64"',
    }),
    ports: ports({
      doc: "The TCP ports on which relays dial in.",
      default: [443],
    }),
    firstRelayPort: integer({
      doc:
        "The lowest port that is given to relays. Each relay gets one, for good; open the whole range in the firewall.",
      default: 20_000,
      min: 1024,
      max: 65535,
    }),
    lastRelayPort: integer({
      doc: "The highest port that is given to relays.",
      default: 29_999,
      min: 1024,
      max: 65535,
    }),
    newRelays: flag({
      doc:
        "Take relays that are not known yet. Without it, only those with the invitation.",
      default: true,
    }),
    invitation: text({
      doc: "A word with which relays are taken while `new_relays` is false.",
      default: "",
      defaultDoc: "there is none",
      secret: true,
    }),
    links: integer({
      doc: "Connections of relays at a time; each relay has two.",
      default: 20_000,
      min: 2,
      max: 1_000_000,
    }),
    visitorsPerRelay: integer({
      doc: "Connections of apps to one relay at a time, through this machine.",
      default: 1000,
      min: 1,
      max: 100_000,
    }),
    newRelayRateBytes: size({
      doc:
        "Bytes a second that go through this machine to and from a relay in its first month.",
      default: "4MB",
      min: "16KB",
      max: "10GB",
    }),
    relayRateBytes: size({
      doc: "The same for relays that have been there for longer.",
      default: "16MB",
      min: "16KB",
      max: "10GB",
    }),
    dnsAddresses: ipAddresses({
      doc: "The addresses of this machine on which it answers DNS.",
      default: ["[::]", "0.0.0.0"],
    }),
    dnsPort: integer({
      doc: "The port for DNS; 0 answers none.",
      default: 53,
      min: 0,
      max: 65535,
    }),
    nameServers: hosts({
      doc: "The names of the domain's name servers, as they are delegated.",
      default: [],
      defaultDoc: "`ns1.<domain>`, which is this machine",
    }),
  },
} as const;
