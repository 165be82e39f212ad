import { isIP } from "node:net";
import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";

/** The settings: faults in them, and choices that an owner may have forgotten. */
export const settings: Check = {
  name: "settings",
  group: "Settings and keys",
  run(context) {
    const { configProblems, configFile } = context;
    if (configProblems.length > 0) {
      return configProblems.map((what, index) =>
        problem(
          what,
          index < configProblems.length - 1 ? {} : {
            meaning:
              "The relay does not start so. The other checks go by the " +
              "defaults.",
            remedy: `Correct ${configFile}; docs/configuration.md has every ` +
              "setting.",
          },
        )
      );
    }
    return [ok(whereFrom(configFile)), ...choices(context)];
  },
};

function whereFrom(file: string): string {
  try {
    if (Deno.statSync(file).isFile) return `They are read from ${file}.`;
  } catch {
    // There is none, which is as good.
  }
  return "There is no porchlight.toml yet; the defaults count.";
}

function choices({ config }: DoctorContext): Verdict[] {
  const verdicts: Verdict[] = [];
  if (!config.smp.newQueues) {
    verdicts.push(warning("New queues are switched off (smp.new_queues).", {
      meaning: "The relay is being wound down: nobody can begin to use it.",
    }));
  }
  if (config.proxy.enabled && config.proxy.allowLocal) {
    verdicts.push(warning("proxy.allow_local is on.", {
      meaning: "Everybody who may use this relay can reach machines in your " +
        "home network through it.",
      remedy: "Set it to false, unless this is a test.",
    }));
  }
  if (config.listen.addresses.every(isLoopback)) {
    verdicts.push(warning(
      "The relay listens on this machine alone (listen.addresses).",
      {
        meaning: "No phone can reach it, unless something passes " +
          "connections on.",
        remedy: "Take listen.addresses out of porchlight.toml.",
      },
    ));
  }
  return verdicts;
}

function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  return bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}
