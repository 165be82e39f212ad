/**
 * The settings of sections `[share]` and `[directories]`: who may use the
 * relay, how much of it, and where it is listed.
 *
 * @module
 */

import { choice, integer, text, texts } from "./settings.ts";

/** The section with its settings. */
export const shareSection = {
  doc:
    "Sharing the relay with others, as much as you want. It stays off until you say so.",
  settings: {
    listed: choice(["off", "friends", "public"], {
      doc:
        'Whether directories list this relay. With "public" they give its address to everybody who asks, and everybody may create queues on it. With "friends" they show how well it does, and only those who have the password (`smp.create_password`, and `xftp.create_password` if files are kept) can create anything.',
      default: "off",
    }),
    megabytesPerHour: integer({
      doc:
        "Megabytes that may go through the relay in one hour. Beyond this, or another limit of this section, the relay tells directories that it is full and takes no new queues and files until there is room again. What exists keeps working, and no message is lost.",
      default: 0,
      defaultDoc: "no limit",
      min: 0,
      max: 100_000_000,
    }),
    gigabytesPerMonth: integer({
      doc: "Gigabytes that may go through the relay in one calendar month.",
      default: 0,
      defaultDoc: "no limit",
      min: 0,
      max: 10_000_000,
    }),
    connections: integer({
      doc: "Connections at a time from which on the relay is full.",
      default: 0,
      defaultDoc: "no limit",
      min: 0,
      max: 1_000_000,
    }),
    hours: text({
      doc: "The hours of the day, by this machine's clock, in which you share.",
      default: "",
      defaultDoc: "all day",
      pattern: /^(?:(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d)?$/,
      allowed: 'hours such as "22:00-07:00"',
    }),
    ownPassword: text({
      doc:
        "A password for yourself: with it, you can create queues and files whatever the limits of this section. Put it into the address in your app, between the fingerprint and the @, with a colon before it: `smp://<fingerprint>:<password>@<host>`.",
      default: "",
      defaultDoc: "the limits are for you too",
      pattern: /^[!-.0-9;-?A-~]*$/,
      allowed: "letters, digits and signs, but no space, '@', ':' or '/'",
      secret: true,
    }),
    region: text({
      doc:
        'The part of the world where the relay is, as coarse as you like: a continent such as "Europe", or the two letters of a country.',
      default: "",
      defaultDoc: "nothing is said",
      pattern: /^[^\p{C}\p{Zl}\p{Zp}]{0,16}$/u,
      allowed: "at most 16 characters",
    }),
    contact: text({
      doc: "How users and directories reach you; everybody can read it.",
      default: "",
      defaultDoc: "nothing is said",
      pattern: /^[^\p{C}\p{Zl}\p{Zp}]{0,80}$/u,
      allowed: "a line of at most 80 characters",
    }),
    family: text({
      doc:
        "One name for all relays that are yours, so that nobody gets only yours from a list.",
      default: "",
      defaultDoc: "nothing is said",
      pattern: /^[^\p{C}\p{Zl}\p{Zp}]{0,32}$/u,
      allowed: "at most 32 characters",
    }),
    leaving: text({
      doc:
        "The day on which the relay goes for good. Directories tell it to those who use the relay, and give its address to nobody else.",
      default: "",
      defaultDoc: "it stays",
      pattern: /^(?:20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))?$/,
      allowed: 'a date such as "2027-03-31"',
    }),
  },
} as const;

/** The section with its settings. */
export const directoriesSection = {
  doc:
    "Directories of relays: where this one is listed, if `share.listed` says so, and where `porchlight relays` looks.",
  settings: {
    addresses: texts({
      doc: "Addresses of their cores; several are better than one.",
      default: [],
      defaultDoc: "the core of `path.core`",
      pattern:
        /^porchlight:\/\/[A-Za-z0-9_-]{43}=?@(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?:,(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+))*(?::\d{1,5})?$/,
      allowed:
        'a list of addresses of cores, such as ["porchlight://<fingerprint>@relays.example.org:443"]',
    }),
  },
} as const;
