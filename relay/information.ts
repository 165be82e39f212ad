/**
 * What the relay tells everybody about itself, in the form of the reference
 * (simplexmq 6.5.5, `ServerInformation` in
 * `Simplex.Messaging.Server.Information`): what is not known is left out.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";

/** A person or an organization. */
export interface Entity {
  readonly name: string;
  /** ISO 3166, two capital letters. */
  readonly country?: string;
}

/** How somebody can be reached. */
export interface ContactAddress {
  /** SimpleX address. */
  readonly simplex?: string;
  readonly email?: string;
  readonly pgp?: { readonly pkURI: string; readonly pkFingerprint: string };
}

/** From section `[information]`. */
export interface PublicInformation {
  readonly sourceCode: string;
  readonly usageConditions?: {
    readonly conditions: string;
    readonly amendments?: string;
  };
  readonly operator?: Entity;
  readonly website?: string;
  readonly adminContacts?: ContactAddress;
  readonly complaintsContacts?: ContactAddress;
  readonly hosting?: Entity;
  readonly hostingType?: "virtual" | "dedicated" | "colocation" | "owned";
  readonly serverCountry?: string;
}

/** Answer to `GET /information`. */
export interface ServerInformation {
  readonly config: {
    /** Messages are kept over a restart. */
    readonly persistence: "messages";
    /** Seconds. */
    readonly messageExpiration?: number;
    readonly statsEnabled: boolean;
    readonly newQueuesAllowed: boolean;
    readonly basicAuthEnabled: boolean;
  };
  readonly information?: PublicInformation;
}

/** What the settings say. */
export function serverInformation(config: Config): ServerInformation {
  const { smp, stats } = config;
  return {
    config: {
      persistence: "messages",
      messageExpiration: smp.messageExpirySeconds ?? undefined,
      statsEnabled: stats.dailyFile !== "",
      newQueuesAllowed: smp.newQueues,
      basicAuthEnabled: smp.createPassword !== "",
    },
    information: publicInformation(config.information),
  };
}

function publicInformation(
  values: Config["information"],
): PublicInformation | undefined {
  if (values.sourceCode === "") return undefined;
  const { hostingType } = values;
  return {
    sourceCode: values.sourceCode,
    usageConditions: values.usageConditions === "" ? undefined : {
      conditions: values.usageConditions,
      amendments: known(values.conditionAmendments),
    },
    operator: entity(values.operator, values.operatorCountry),
    website: known(values.website),
    adminContacts: contacts({
      simplex: values.adminSimplex,
      email: values.adminEmail,
      key: values.adminPgp,
      fingerprint: values.adminPgpFingerprint,
    }),
    complaintsContacts: contacts({
      simplex: values.complaintsSimplex,
      email: values.complaintsEmail,
      key: values.complaintsPgp,
      fingerprint: values.complaintsPgpFingerprint,
    }),
    hosting: entity(values.hosting, values.hostingCountry),
    hostingType: hostingType === "" ? undefined : hostingType,
    serverCountry: known(values.serverCountry.toUpperCase()),
  };
}

function known(value: string): string | undefined {
  return value === "" ? undefined : value;
}

function entity(name: string, country: string): Entity | undefined {
  return name === ""
    ? undefined
    : { name, country: known(country.toUpperCase()) };
}

function contacts(
  { simplex, email, key, fingerprint }: Readonly<
    Record<"simplex" | "email" | "key" | "fingerprint", string>
  >,
): ContactAddress | undefined {
  const pgp = key === "" || fingerprint === ""
    ? undefined
    : { pkURI: key, pkFingerprint: fingerprint };
  if (simplex === "" && email === "" && pgp === undefined) return undefined;
  return { simplex: known(simplex), email: known(email), pgp };
}
