/**
 * The settings of section `[directory]`: the list of relays that a core keeps.
 *
 * @module
 */

import { flag, integer, milliseconds, text, texts } from "./settings.ts";

/** The section with its settings. */
export const directorySection = {
  doc:
    "For `porchlight core` only: a directory of relays whose owners want them to be found. It tries each of them out, and tells apps and people which ones can be relied on.",
  settings: {
    enabled: flag({
      doc: "Keep a directory.",
      default: true,
    }),
    contact: text({
      doc: "How owners of relays reach you; everybody can read it.",
      default: "",
      defaultDoc: "nothing is said",
      pattern: /^[^\p{C}]{0,160}$/u,
      allowed: "a line of at most 160 characters",
    }),
    maxRelays: integer({
      doc: "Relays that are kept at most; each takes about 3 KB of disk.",
      default: 20_000,
      min: 1,
      max: 200_000,
    }),
    workBits: integer({
      doc:
        "How much work a relay has to do to register: each step doubles it. 20 takes a small computer some seconds.",
      default: 20,
      min: 0,
      max: 26,
    }),
    probationDays: integer({
      doc:
        "Days for which a relay has to work before it is established. Before, it has a small share of the answers.",
      default: 8,
      min: 0,
      max: 365,
    }),
    heartbeatMs: milliseconds({
      doc: "How often relays report.",
      default: "5m",
      min: "10s",
      max: "1d",
    }),
    probeIntervalMs: milliseconds({
      doc: "How often each relay is tried out, on average.",
      default: "1h",
      min: "10s",
      max: "1d",
    }),
    probesAtOnce: integer({
      doc: "Relays that are tried out at a time.",
      default: 8,
      min: 1,
      max: 256,
    }),
    peers: texts({
      doc:
        "Other directories to learn from: addresses of their cores. What they tell of relays is checked here; they are not trusted.",
      default: [],
      pattern:
        /^porchlight:\/\/[A-Za-z0-9_-]{43}=?@(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?:,(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+))*(?::\d{1,5})?$/,
      allowed:
        'a list of addresses of cores, such as ["porchlight://<fingerprint>@relays.example.org:443"]',
    }),
    pullIntervalMs: milliseconds({
      doc: "How often each of them is asked what is new, on average.",
      default: "10m",
      min: "10s",
      max: "1d",
    }),
  },
};
