import { askRelay, ControlError } from "../relay/control/mod.ts";
import { relayAddresses } from "../relay/addresses.ts";
import { configuredIdentity } from "../relay/configured_identity.ts";
import { configuredLease } from "../relay/lease_file.ts";
import type { Config } from "../config/mod.ts";
import { command } from "./command.ts";
import { configFlags } from "./flags.ts";
import { printQr } from "./qr.ts";
import { configOf } from "./settings.ts";

/** `porchlight address`: prints the relay's addresses. */
export const address = command({
  summary: "Print the relay's address, as text or QR code",
  help:
    `Prints the addresses to give to SimpleX apps, one a line: those for messages,
then those for files, the best first. If smp.create_password or
xftp.create_password is set, it is part of them: show them only to those who may
use the relay.`,
  flags: {
    qr: { doc: "Show the first address as a QR code to scan." },
    json: { doc: "Print JSON, for programs." },
    ...configFlags,
  },
  async run(values, { terminal, env }) {
    const config = configOf(values, env);
    const addresses = await addressesOf(config);
    if (values.json) {
      terminal.print(JSON.stringify({ addresses }, undefined, 2));
      return 0;
    }
    if (values.qr) printQr(addresses[0], terminal);
    terminal.print(...addresses);
    return 0;
  },
});

/** The running relay knows best; without one, the settings say it. */
async function addressesOf(config: Config): Promise<string[]> {
  try {
    const answer = await askRelay("/address", {
      socket: config.control.socket,
    });
    if (isAddressAnswer(answer)) return answer.addresses;
    throw new ControlError(
      "no answer",
      "The running relay is of another version. Restart it.",
    );
  } catch (error) {
    const stopped = error instanceof ControlError &&
      error.code === "not running";
    if (!stopped) throw error;
  }
  const identity = await configuredIdentity(config);
  const lease = await configuredLease(config);
  return relayAddresses({
    config,
    identity,
    ports: config.listen.ports,
    advertised: lease === undefined
      ? []
      : [{ host: lease.name, port: lease.port, confirmed: false }],
  });
}

function isAddressAnswer(answer: unknown): answer is { addresses: string[] } {
  return typeof answer === "object" && answer !== null &&
    "addresses" in answer && Array.isArray(answer.addresses) &&
    answer.addresses.length > 0 &&
    answer.addresses.every((address) => typeof address === "string");
}
