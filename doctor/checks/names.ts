import { isIP } from "node:net";
import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { addressKind } from "../../nat/mod.ts";
import { externalAddresses } from "../path_answer.ts";
import { resolve } from "../resolve.ts";

/** The names in the address: that they exist, and lead to this home. */
export const names: Check = {
  name: "name",
  group: "The way to it",
  async run(context) {
    const { address: { hosts }, path } = context.config;
    // A core gives a name, which has a check of its own.
    if (hosts.length === 0) return path.core === "" ? [nameless()] : [];
    const found = await Promise.all(
      hosts.map((host) => hostVerdicts(host, context)),
    );
    return found.flat();
  },
};

function nameless(): Verdict {
  return warning("The relay has no name of its own (address.hosts).", {
    meaning: "Its address is an IP address, and a conversation keeps the " +
      "address it began with: when the IP address changes, it breaks.",
    remedy: "Give your home a name that follows its IP address (dynamic DNS; " +
      "many routers have it built in) and set address.hosts, before you " +
      "share the address.",
  });
}

async function hostVerdicts(
  host: string,
  context: DoctorContext,
): Promise<Verdict[]> {
  if (host.endsWith(".onion")) return [];
  if (isIP(host) !== 0) {
    return isPrivate(host)
      ? [problem(`${host} is an address inside your home.`, {
        meaning: "The relay cannot be reached from elsewhere.",
        remedy: "Set address.hosts to a name or to your public IP address.",
      })]
      : [warning(`The relay's address has the IP address ${host}.`, {
        meaning: "If your provider gives you another one, all conversations " +
          "through this relay break.",
        remedy: "Take a name in its place, unless you know that it stays.",
      })];
  }
  const addresses = await resolve(host);
  if (addresses === undefined) {
    return [skipped(`The name server did not answer for ${host} in time.`)];
  }
  if (addresses.length === 0) {
    return [problem(`The name ${host} does not exist.`, {
      meaning: "Nobody can reach the relay by it.",
      remedy: "Look whether it is written correctly in address.hosts, and " +
        "whether your dynamic DNS service has it.",
    })];
  }
  return [compare(host, addresses, context)];
}

function compare(
  host: string,
  addresses: readonly string[],
  { relay }: DoctorContext,
): Verdict {
  const is = `${host} is ${addresses.join(", ")}`;
  const external = relay.state === "running"
    ? externalAddresses(relay.path)
    : [];
  if (addresses.some((address) => external.includes(address))) {
    return ok(`${is}: that is this home.`);
  }
  if (addresses.every(isPrivate)) {
    return warning(`${is}, an address inside a home network.`, {
      meaning:
        "From elsewhere, the relay cannot be reached by this name. (At " +
        "home, some routers answer so and it means nothing.)",
      remedy: "Look what the name is outside your home.",
    });
  }
  if (external.length > 0) {
    return problem(`${is}, but this home is ${external.join(", ")}.`, {
      meaning: "The name leads elsewhere; apps do not reach the relay.",
      remedy: "Look at your dynamic DNS: its last update may have failed.",
    });
  }
  return ok(`${is}.`);
}

/** Of a home, a carrier's inside, this machine or this cable. */
function isPrivate(address: string): boolean {
  const kind = isIP(address) === 0 ? undefined : addressKind(address);
  return kind === "private" || kind === "cgnat" ||
    /^(127\.|169\.254\.|::1$|fe[89ab])/i.test(address);
}
