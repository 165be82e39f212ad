/**
 * The settings of section `[update]`: how the program keeps itself up to date.
 *
 * @module
 */

import { choice, milliseconds, path, text } from "./settings.ts";

/** The section with its settings. */
export const updateSection = {
  doc:
    "How Porchlight keeps itself up to date, where it was put in place by its installer.",
  settings: {
    automatic: choice(["install", "tell", "off"], {
      doc:
        "What happens by itself: new versions are installed, or only told in `porchlight status`, or not looked for. `porchlight update` always works.",
      default: "install",
    }),
    channel: choice(["stable", "beta"], {
      doc: "Versions for everybody, or also those that are being tried out.",
      default: "stable",
    }),
    quietHours: text({
      doc:
        "Times of day at which nothing is installed by itself, as an update restarts the relay: a few seconds in which apps reconnect.",
      default: "",
      defaultDoc: "any time will do",
      pattern: /^(?:(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d)?$/,
      allowed: 'hours such as "07:00-23:30" or "22:00-06:00"',
    }),
    checkEveryMs: milliseconds({
      doc:
        "How often to look for a new version, more or less: each relay looks at times of its own.",
      default: "1d",
      min: "1h",
      max: "20d",
    }),
    url: text({
      doc: "Where updates come from, if not from the project.",
      default: "",
      defaultDoc: "what is built into the program",
      pattern: /^$|^https?:\/\/[^\s?#]{1,500}$/,
      allowed: 'an address such as "https://updates.example.org/porchlight"',
    }),
    root: path({
      doc:
        "The `root.json` of whoever signs these updates. Whoever holds its keys decides what runs on this machine.",
      default: "",
      defaultDoc: "what is built into the program",
    }),
    restartCommand: text({
      doc:
        "How to restart the relay after an update, where there is no systemd: a command for `/bin/sh`.",
      default: "",
      defaultDoc: "`systemctl restart`, where systemd runs",
    }),
  },
} as const;
