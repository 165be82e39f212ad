import { isIP } from "node:net";
import { parseCoreAddress } from "../../tunnel/core_address.ts";
import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import { readPath } from "../path_answer.ts";
import { resolve } from "../resolve.ts";

/** Ways that lead home without the core. */
const DIRECT: ReadonlySet<string> = new Set([
  "direct4",
  "direct6",
  "mapped",
  "manual",
]);

/** The core: that it is there, has a name for us, and where that leads. */
export const core: Check = {
  name: "core",
  group: "The way to it",
  timeoutMs: 15_000,
  async run({ relay, config: { path } }) {
    if (path.core === "") return [];
    if (relay.state !== "running") {
      return [skipped("The running relay keeps the link to its core.")];
    }
    const view = readPath(relay.path);
    const part = relay.status.parts.find(({ name }) => name === "core");
    const name = view?.places.map(({ host }) => host)
      .find((host) => isIP(host) === 0);
    const link = linkVerdict(part, { hasName: name !== undefined });
    if (name === undefined || view === undefined) return [link];
    const { hosts } = parseCoreAddress(path.core);
    const [addresses, ...cores] = await Promise.all(
      [name, ...hosts].map(resolve),
    );
    const home = view.ways
      .filter(({ kind, state }) => DIRECT.has(kind) && state === "confirmed")
      .flatMap(({ host }) => host === undefined ? [] : [host]);
    const outside = cores.flatMap((each) => each ?? []);
    return [link, nameVerdict(name, { addresses, home, core: outside })];
  },
};

function linkVerdict(
  part: {
    readonly state: string;
    readonly reason?: string;
    readonly note?: string;
    readonly remedy?: string;
  } | undefined,
  { hasName }: { hasName: boolean },
): Verdict {
  if (part === undefined) {
    return skipped(
      "The running relay does not say how it stands with its core.",
      "It began before path.core was set, or is of another version: restart it.",
    );
  }
  const { state, reason = "The core cannot be used.", note, remedy } = part;
  if (state !== "ok") {
    return hasName ? warning(reason, { remedy }) : problem(reason, { remedy });
  }
  return hasName
    ? ok(note ?? "The core is there.")
    : skipped(note ?? "The core has given no name yet.");
}

/** Where the name leads, beside where the relay can be reached. */
function nameVerdict(
  name: string,
  { addresses, home, core }: {
    readonly addresses: readonly string[] | undefined;
    /** Where somebody outside has got through to this home. */
    readonly home: readonly string[];
    readonly core: readonly string[];
  },
): Verdict {
  if (addresses === undefined) {
    return skipped(`The name server did not answer for ${name} in time.`);
  }
  if (addresses.length === 0) {
    return problem(`The name ${name} does not exist, or nobody says where.`, {
      meaning: "Apps do not find the relay.",
      remedy: "If other names work on this machine, tell the people who run " +
        "the core: its name server does not answer.",
    });
  }
  const is = `${name} is ${addresses.join(", ")}`;
  if (addresses.some((address) => home.includes(address))) {
    return ok(`${is}: that is this home.`);
  }
  if (addresses.some((address) => core.includes(address))) {
    return home.length === 0
      ? ok(`${is}: that is the core, which passes apps on to this home.`)
      : warning(`${is}: that is the core, and apps could come home directly.`, {
        meaning: "It works, and is slower than it could be.",
        remedy: "The core looks again by itself, and names are remembered " +
          "for a minute. Ask again in two.",
      });
  }
  return problem(`${is}: that is neither this home nor the core.`, {
    meaning: "Apps that ask now do not reach the relay.",
    remedy: "After a change of the network, names are remembered for a " +
      "minute: ask again in two. If it stays so, tell the people who run the " +
      "core.",
  });
}
