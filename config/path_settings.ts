/**
 * The settings of section `[path]`: how the world reaches the relay.
 *
 * @module
 */

import { flag, integer, milliseconds, text, texts } from "./settings.ts";

/** The section with its settings. */
export const pathSection = {
  doc:
    "How the world reaches the relay at home: through the router, and checked from outside.",
  settings: {
    mapPort: flag({
      doc:
        "Ask the router to let apps through to the relay (UPnP, NAT-PMP or PCP), and take that back when the relay stops.",
      default: true,
    }),
    externalPort: integer({
      doc:
        "The port to ask the router for. Where it is taken, the router's other choice is used.",
      default: 0,
      defaultDoc: "the first of `listen.ports`",
      min: 0,
      max: 65535,
    }),
    callbackServers: texts({
      doc:
        "Other Porchlight relays that call back to see whether this one can be reached. They are asked in turn; one that you trust to answer is enough.",
      default: [],
      defaultDoc: "nobody checks from outside",
      pattern:
        /^smp:\/\/[A-Za-z0-9_-]{43}=?@(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?:,(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+))*(?::\d{1,5})?$/,
      allowed:
        'a list of addresses without passwords, such as ["smp://<fingerprint>@relay.example.org:5223"]',
    }),
    answerCallbacks: flag({
      doc:
        "Do the same for other Porchlight relays: when one asks, connect to it and say whether that works.",
      default: true,
    }),
    answerLocal: flag({
      doc:
        "Also call back to private addresses, such as 192.168.1.2. It lets those who reach this relay through a proxy of yours probe it: set it to true for tests only.",
      default: false,
    }),
    core: text({
      doc:
        "The address of a community's core. It gives this relay a name and a port that stay the same for good, and a way in where no router helps.",
      default: "",
      defaultDoc: "no core",
      pattern:
        /^(?:porchlight:\/\/[A-Za-z0-9_-]{43}=?@(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?:,(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+))*(?::\d{1,5})?)?$/,
      allowed:
        'the address that the people who run the core hand out, such as "porchlight://<fingerprint>@relays.example.org:443"',
    }),
    coreLabel: text({
      doc:
        "The name that this relay would like at the core: small letters, digits and hyphens. What the core has given once stays.",
      default: "",
      defaultDoc: "the core chooses",
      pattern: /^(?:[a-z\d][a-z\d-]{1,38}[a-z\d])?$/,
      allowed: "3 to 40 small letters, digits and hyphens",
    }),
    coreInvitation: text({
      doc:
        "The word that the core asks for, where it takes relays by invitation.",
      default: "",
      defaultDoc: "none",
      secret: true,
    }),
    recheckIntervalMs: milliseconds({
      doc:
        "How often to check the path when nothing has changed. Changes of the network are noticed at once.",
      default: "1h",
      min: "1m",
      max: "1d",
    }),
  },
} as const;
