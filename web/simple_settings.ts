/**
 * The few decisions that everybody understands, and the settings that they
 * stand for.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { Config } from "../config/mod.ts";

/** Answers of the first run's form. */
export interface SimpleSettings {
  readonly name: string;
  readonly sharing: string;
  readonly updates: string;
  readonly core: string;
}

/** With whom the relay is shared. */
export const SHARING = [
  {
    value: "private",
    title: "Me and my friends",
    text:
      "The address has a password in it. Whoever you give the address to can use the relay, and nobody else.",
  },
  {
    value: "public",
    title: "Everyone",
    text:
      "No password. If you join a core, its directory hands out the address: you help people whom you do not know.",
  },
] as const;

/** When updates are installed. */
export const UPDATE_TIMES = [
  { value: "any", title: "At any time", text: "It takes a few seconds." },
  {
    value: "night",
    title: "At night",
    text: "Between 2 and 5 o'clock, by the clock of the box.",
  },
  {
    value: "tell",
    title: "Only tell me",
    text: "You install updates yourself.",
  },
] as const;

const NIGHT_ONLY = "05:00-02:00";
/** Bytes in a password that is made here. */
const PASSWORD_BYTES = 15;

/** What the settings say. */
export function simpleSettings(
  { web, smp, update, path }: Config,
): SimpleSettings {
  const sharing = smp.createPassword === "" ? "public" : "private";
  const updates = update.automatic !== "install"
    ? "tell"
    : update.quietHours === ""
    ? "any"
    : update.quietHours === NIGHT_ONLY
    ? "night"
    : "";
  return { name: web.name, sharing, updates, core: path.core };
}

/**
 * The settings that these answers change, as text by name. An answer that is
 * none of the known ones changes nothing.
 */
export function settingsFor(
  { name, sharing, updates, core }: SimpleSettings,
  { smp, xftp, share, directories }: Config,
): Map<string, string> {
  const texts = new Map([["web.name", name], ["path.core", core]]);
  if (sharing === "public") {
    texts.set("smp.create_password", "");
    texts.set("xftp.create_password", "");
    // Without a directory there is nowhere to be listed.
    const hasDirectory = core !== "" || directories.addresses.length > 0;
    texts.set("share.listed", hasDirectory ? "public" : "");
  } else if (sharing === "private") {
    if (share.listed === "public") texts.set("share.listed", "");
    // Those that are there stay: they are in addresses that were given away.
    if (smp.createPassword === "") {
      texts.set("smp.create_password", newPassword());
    }
    if (xftp.enabled && xftp.createPassword === "") {
      texts.set("xftp.create_password", newPassword());
    }
  }
  if (updates === "tell") texts.set("update.automatic", "tell");
  else if (updates === "any" || updates === "night") {
    texts.set("update.automatic", "");
    texts.set("update.quiet_hours", updates === "night" ? NIGHT_ONLY : "");
  }
  return texts;
}

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}
