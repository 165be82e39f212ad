import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from "node:crypto";
import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { configuredIdentity } from "../../relay/configured_identity.ts";
import {
  type Identity,
  IdentityError,
  identityPaths,
} from "../../relay/identity/mod.ts";

/** A web certificate that ends within this time should have been renewed. */
const WEB_SOON_MS = 14 * 86_400_000;

/** Nobody waits for an end so far away. */
const ENDLESS_MS = 100 * 366 * 86_400_000;

/** The relay's certificates, and the one for browsers. */
export const certificates: Check = {
  name: "certificates",
  group: "Settings and keys",
  async run(context) {
    return [
      ...await identityVerdicts(context),
      ...await webVerdicts(context),
    ];
  },
};

async function identityVerdicts(
  { config, now }: DoctorContext,
): Promise<Verdict[]> {
  try {
    const identity = await configuredIdentity(config);
    return [online(identity, now), ca(identity)];
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    if (error.code === "missing" && !hasAny(config)) {
      return [skipped(
        "There are none yet.",
        "The relay makes them when it first starts: porchlight start",
      )];
    }
    if (error.cause instanceof Deno.errors.PermissionDenied) {
      return [skipped(
        "This user may not read them.",
        "Run the doctor as the relay's user, or with sudo.",
      )];
    }
    return [problem("The relay's certificates cannot be used.", {
      meaning: error.message,
    })];
  }
}

/** Whether the relay has ever been here. */
function hasAny({ data, tls }: DoctorContext["config"]): boolean {
  const paths = identityPaths(data.directory);
  return [paths.ca, paths.certificate, paths.key, tls.certificate, tls.ca]
    .some((path) => {
      try {
        return path !== "" && Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
}

function online(identity: Identity, now: Date): Verdict {
  const day = identity.validTo.toISOString().slice(0, 10);
  const remedy = (identity.hasCaKey ? "" : "Put ca.key back. ") +
    "Move server.crt and server.key out of the data directory and restart " +
    "the relay: it makes new ones. Its address stays the same.";
  switch (identity.certificateStatus(now)) {
    case "valid":
      return ok(
        identity.validTo.getTime() - now.getTime() > ENDLESS_MS
          ? "The online certificate is good, and does not run out."
          : `The online certificate is good until ${day}.`,
      );
    case "expires soon":
      return warning(`The online certificate ends on ${day}.`, {
        meaning: "After that, apps cannot connect.",
        remedy,
      });
    case "expired":
      return problem(`The online certificate ended on ${day}.`, {
        meaning: "Apps cannot connect.",
        remedy,
      });
    case "not valid yet":
      return problem("The online certificate is not valid yet.", {
        meaning:
          "Apps cannot connect. The clock of this machine is wrong, or " +
          "was when the certificate was made.",
        remedy: "Set the clock. If it is right, have a new certificate made. " +
          remedy,
      });
  }
}

function ca({ hasCaKey }: Identity): Verdict {
  return ok(
    hasCaKey
      ? "ca.key is here. It can be moved to a safe place until it is needed."
      : "ca.key was moved away. Keep it well: renewing takes it.",
  );
}

async function webVerdicts(
  { config: { tls }, now }: DoctorContext,
): Promise<Verdict[]> {
  if (tls.webCertificate === "") return [];
  const remedy = "Look at tls.web_certificate and tls.web_key, and renew the " +
    "certificate where you got it.";
  try {
    const certificate = new X509Certificate(
      await Deno.readTextFile(tls.webCertificate),
    );
    const key = createPrivateKey(await Deno.readTextFile(tls.webKey));
    const ends = new Date(certificate.validTo);
    const day = ends.toISOString().slice(0, 10);
    if (!isKeyOf(certificate, key)) {
      return [problem("tls.web_key is not the key of tls.web_certificate.", {
        meaning: "Browsers cannot connect.",
        remedy,
      })];
    }
    const left = ends.getTime() - now.getTime();
    if (left < 0) {
      return [problem(`The certificate for browsers ended on ${day}.`, {
        meaning: "Browsers warn of it or do not connect. SimpleX apps do not " +
          "need it.",
        remedy: `${remedy} Then restart the relay.`,
      })];
    }
    return [
      left < WEB_SOON_MS
        ? warning(`The certificate for browsers ends on ${day}.`, {
          meaning: "Usually it is renewed by itself before that.",
          remedy: `${remedy} Then restart the relay.`,
        })
        : ok(`The certificate for browsers is good until ${day}.`),
    ];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [problem("The certificate for browsers cannot be used.", {
      meaning: message,
      remedy,
    })];
  }
}

function isKeyOf(
  certificate: X509Certificate,
  key: ReturnType<typeof createPrivateKey>,
): boolean {
  const format = { type: "spki", format: "der" } as const;
  const [one, other] = [certificate.publicKey, createPublicKey(key)]
    .map((publicKey) => publicKey.export(format).toString("hex"));
  return one === other;
}
