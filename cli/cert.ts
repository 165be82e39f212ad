import { configuredIdentity } from "../relay/configured_identity.ts";
import {
  askRelay,
  ControlError,
  type WebCertificateAnswer,
} from "../relay/control/mod.ts";
import {
  type Identity,
  renewOnlineCertificate,
} from "../relay/identity/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { configOf } from "./settings.ts";

/** Getting a certificate takes a minute where DNS is slow, ms. */
const WEB_TIMEOUT_MS = 300_000;

/** `porchlight cert show|renew|web`: the relay's certificates. */
export const cert = command({
  summary: "Show or renew the relay's certificates",
  takes: "[show|renew|web]",
  help: `show   the relay's own certificate and the one that browsers see
renew  make a new online certificate. The address and the fingerprint stay:
       users notice nothing. It needs ca.key, and a restart of the relay.
web    get a new certificate for browsers now, as [acme] in the settings says

  porchlight cert
  porchlight cert renew`,
  flags: configFlags,
  async run(values, { terminal, env }, words) {
    const { print } = terminal;
    const config = configOf(values, env);
    const [what = "show", ...more] = words;
    if (more.length > 0) {
      throw new UsageError("cert takes one word: show, renew or web.");
    }
    const { socket } = config.control;
    switch (what) {
      case "show": {
        print(...ownLines(await configuredIdentity(config)), "");
        print(...webLines(await webAnswer(socket)));
        return 0;
      }
      case "renew": {
        const { certificate, key, ca } = config.tls;
        if (certificate !== "" || key !== "" || ca !== "") {
          throw new UsageError(
            "The settings say that the certificates are somewhere else: renew " +
              "them there.",
          );
        }
        const identity = await renewOnlineCertificate(config.data.directory);
        print(
          "Made a new online certificate. The address stays the same.",
          ...ownLines(identity),
          "",
          "A relay that runs uses it after a restart.",
        );
        return 0;
      }
      case "web": {
        const answer = await askRelay("/certificate/web", {
          socket,
          body: {},
          timeoutMs: WEB_TIMEOUT_MS,
        });
        print("There is a new certificate for browsers.");
        print(...webLines(checked(answer)));
        return 0;
      }
      default:
        throw new UsageError(
          `There is no "cert ${what.slice(0, 40)}": say show, renew or web.`,
        );
    }
  },
});

function ownLines(identity: Identity): string[] {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  return [
    `Fingerprint:         ${identity.fingerprintText}`,
    `Online certificate:  ${identity.certificateStatus()}, from ` +
    `${day(identity.validFrom)} to ${day(identity.validTo)}`,
    `Type of key:         ${identity.leafAlgorithm}`,
    `CA key:              ${
      identity.hasCaKey
        ? "on this machine"
        : "not on this machine (needed to renew)"
    }`,
  ];
}

async function webAnswer(
  socket: string,
): Promise<WebCertificateAnswer | undefined> {
  try {
    return checked(await askRelay("/certificate/web", { socket }));
  } catch (error) {
    if (error instanceof ControlError && error.code === "not running") {
      return undefined;
    }
    throw error;
  }
}

function webLines(answer: WebCertificateAnswer | undefined): string[] {
  const label = "For browsers:        ";
  if (answer === undefined) {
    return [`${label}not known while the relay is not running`];
  }
  const { source, names, ends, renews, problem } = answer;
  const day = (time: string) => time.slice(0, 10);
  const lines = [
    source === "none"
      ? `${label}none; see [acme] in docs/configuration.md`
      : ends === undefined
      ? `${label}none yet`
      : `${label}until ${day(ends)}` +
        (renews === undefined ? "" : `, renewed about ${day(renews)}`),
  ];
  if (names !== undefined && names.length > 0) {
    lines.push(`Names:               ${names.join(", ")}`);
  }
  if (problem !== undefined) lines.push(problem);
  return lines;
}

function checked(answer: unknown): WebCertificateAnswer {
  if (typeof answer === "object" && answer !== null && "source" in answer) {
    // The relay is this very program, unless it was updated while it runs.
    return answer as WebCertificateAnswer;
  }
  throw new ControlError(
    "no answer",
    "The running relay is of another version. Restart it.",
  );
}
