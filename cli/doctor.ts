import {
  type Config,
  ConfigError,
  configFile,
  defaultConfig,
  type Environment,
} from "../config/mod.ts";
import {
  allChecks,
  type DoctorContext,
  examine,
  type Finding,
  machineAt,
  reportLines,
  viewRelay,
  worst,
} from "../doctor/mod.ts";
import { VERSION } from "../relay/version.ts";
import { command } from "./command.ts";
import { configFlags, type FlagValues } from "./flags.ts";
import { configOf, loadOptions } from "./settings.ts";

/** `porchlight doctor`: looks at everything and says what to do. */
export const doctor = command({
  summary: "Look at everything a relay needs, and say what to do",
  help:
    `Looks at this machine, the settings, the keys, the relay and the way to it, and
tries the relay out as an app would. It can be asked at any time, also while the
relay is stopped; it changes nothing. The exit code is 0 when there is no
problem, 1 when there is one, 2 when the doctor could not look.

  porchlight doctor
  porchlight doctor --json`,
  flags: { json: { doc: "Print JSON, for programs." }, ...configFlags },
  async run(values, { terminal, env }) {
    const context = await look(values, env);
    const findings = await examine(allChecks, context);
    if (values.json) terminal.print(asJson(findings, context.relay));
    else {
      const { style: paint, columns } = terminal;
      terminal.print(...reportLines(findings, { paint, columns }));
    }
    return worst(findings) === "problem" ? 1 : 0;
  },
});

async function look(
  values: FlagValues<typeof configFlags>,
  env: Environment,
): Promise<Omit<DoctorContext, "signal">> {
  const { config, problems } = settingsOf(values, env);
  return {
    config,
    configFile: configFile(loadOptions(values, env)),
    configProblems: problems,
    relay: await viewRelay(config.control.socket),
    machine: machineAt(),
    now: new Date(),
  };
}

/** The settings; where they have faults, what can be known without them. */
function settingsOf(
  values: FlagValues<typeof configFlags>,
  env: Environment,
): { config: Config; problems: readonly string[] } {
  try {
    return { config: configOf(values, env), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      config: withoutFile(values, env),
      problems: error.problems,
    };
  }
}

/** Without the file the data directory still has to be the right one. */
function withoutFile(
  { data }: FlagValues<typeof configFlags>,
  env: Environment,
): Config {
  if (data === undefined) return defaultConfig(env);
  try {
    const options = { data, config: undefined, set: [] };
    return configOf({ ...options, config: "/dev/null" }, env);
  } catch (error) {
    if (error instanceof ConfigError) return defaultConfig(env);
    throw error;
  }
}

function asJson(
  findings: readonly Finding[],
  relay: DoctorContext["relay"],
): string {
  const answer = {
    version: VERSION,
    result: worst(findings),
    relay: relay.state,
    findings,
  };
  return JSON.stringify(answer, undefined, 2);
}
