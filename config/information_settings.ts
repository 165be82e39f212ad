/**
 * The settings of section `[information]`, with the names of the reference's
 * section INFORMATION (simplexmq 6.5.5, `serverPublicInfo` in
 * `Simplex.Messaging.Server.Main`).
 *
 * @module
 */

import { choice, type Setting, text } from "./settings.ts";

const NONE = "not said";

/** `https://…` or `http://…`, or nothing. */
const URI = /^(?:https?:\/\/[!-~]+)?$/;

/** ISO 3166, two letters, or nothing. */
const COUNTRY = /^(?:[A-Za-z]{2})?$/;

/**
 * A contact address, or nothing: a full link (`connReqUriP`) or a short one
 * (`AConnShortLink`: a contact, channel, group or relay).
 */
const CONTACT =
  /^(?:(?:simplex:|https:\/\/[\w.:[\]-]+)\/(?:contact\/?#\/?\?[!-~]+|[acgr]\/?#[\w-]{43}=?(?:\?[!-~]*)?))?$/;

const EMAIL = /^(?:[^\s@<>"]+@[^\s@<>"]+)?$/;

/** Letters of a person's or organization's name; no control characters. */
const NAME = /^\P{Cc}{0,200}$/u;

function uri(doc: string, defaultDoc: string = NONE): Setting<string> {
  return text({
    doc,
    default: "",
    defaultDoc,
    pattern: URI,
    allowed: "a link that begins with https:// or http://",
  });
}

function country(doc: string): Setting<string> {
  return text({
    doc,
    default: "",
    defaultDoc: NONE,
    pattern: COUNTRY,
    allowed: `the two letters of a country in ISO 3166, such as "DE"`,
  });
}

function name(doc: string): Setting<string> {
  return text({
    doc,
    default: "",
    defaultDoc: NONE,
    pattern: NAME,
    allowed: "a name of at most 200 characters",
  });
}

function contact(doc: string): Setting<string> {
  return text({
    doc,
    default: "",
    defaultDoc: NONE,
    pattern: CONTACT,
    allowed: "a SimpleX address as the app shows it, or a short link to one",
  });
}

function email(doc: string): Setting<string> {
  return text({
    doc,
    default: "",
    defaultDoc: NONE,
    pattern: EMAIL,
    allowed: "an email address",
  });
}

/** The settings, in the order of the file. */
export const informationSettings = {
  sourceCode: uri(
    "Where the relay's source code is. The licence (AGPLv3) wants that the relay's users can get it, with your changes. It is needed as soon as anything else stands here.",
  ),
  usageConditions: uri("Under which conditions the relay may be used."),
  conditionAmendments: uri("Changes to `usage_conditions`."),
  serverCountry: country("The country where the relay stands."),
  operator: name("Who runs the relay: a person or an organization."),
  operatorCountry: country("The country of `operator`."),
  website: uri("A website about the relay or its operator."),
  adminSimplex: contact("The SimpleX address of who looks after the relay."),
  adminEmail: email("The email address of who looks after the relay."),
  adminPgp: uri("Where the PGP key for `admin_email` is."),
  adminPgpFingerprint: name("The fingerprint of that key."),
  complaintsSimplex: contact("The SimpleX address for complaints."),
  complaintsEmail: email("The email address for complaints."),
  complaintsPgp: uri("Where the PGP key for `complaints_email` is."),
  complaintsPgpFingerprint: name("The fingerprint of that key."),
  hosting: name("Who hosts the machine, if somebody else does."),
  hostingCountry: country("The country of `hosting`."),
  hostingType: choice(["", "virtual", "dedicated", "colocation", "owned"], {
    doc: "What kind of machine the relay runs on.",
    default: "",
    defaultDoc: NONE,
  }),
} as const;

/** Keys that say nothing without another one. */
const NEEDS = [
  ["conditionAmendments", "usageConditions"],
  ["operatorCountry", "operator"],
  ["hostingCountry", "hosting"],
  ["adminPgp", "adminPgpFingerprint"],
  ["adminPgpFingerprint", "adminPgp"],
  ["complaintsPgp", "complaintsPgpFingerprint"],
  ["complaintsPgpFingerprint", "complaintsPgp"],
] as const;

/** Values of the section. */
export type InformationValues = {
  readonly [Key in keyof typeof informationSettings]: string;
};

/** Keys that are set, and the key that each one needs and that is not. */
export function missingInformation(
  values: InformationValues,
): {
  readonly key: keyof InformationValues;
  readonly needs: keyof InformationValues;
}[] {
  const keys = Object.keys(informationSettings).filter((key) =>
    Object.hasOwn(values, key)
  ) as (keyof InformationValues)[]; // the keys of the table that they are of
  const given = keys.filter((key) => values[key] !== "");
  const first = given.find((key) => key !== "sourceCode");
  const missing: ReturnType<typeof missingInformation> = [];
  if (first !== undefined && values.sourceCode === "") {
    missing.push({ key: first, needs: "sourceCode" });
  }
  for (const [key, needs] of NEEDS) {
    if (values[key] !== "" && values[needs] === "") {
      missing.push({ key, needs });
    }
  }
  return missing;
}
