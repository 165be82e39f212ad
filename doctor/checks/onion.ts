import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { findTor, readOnionKey, TorError } from "../../relay/onion/mod.ts";

/** The onion address: whether tor is here, lets us in and is connected. */
export const onion: Check = {
  name: "onion",
  group: "The way to it",
  async run(context) {
    const { enabled } = context.config.onion;
    if (enabled === "off") {
      return [skipped('Switched off (onion.enabled = "off").')];
    }
    try {
      return await withTor(context);
    } catch (error) {
      if (!(error instanceof TorError)) throw error;
      return [await without(error, context)];
    }
  },
};

async function withTor(
  { config, relay }: DoctorContext,
): Promise<Verdict[]> {
  const { control, version } = await findTor(config.onion);
  await using _closed = control;
  const phase = await control.order("GETINFO status/bootstrap-phase");
  const progress = Number(/PROGRESS=(\d+)/.exec(phase.join(" "))?.[1] ?? 0);
  const verdicts: Verdict[] = [ok(`Tor ${version} is here and lets us in.`)];
  if (progress < 100) {
    verdicts.push(warning(`Tor is ${progress} % on its way into its network.`, {
      meaning: "Nobody can reach the onion address before it is there.",
      remedy: "Wait a minute. If it stays so: journalctl -u tor@default",
    }));
  }
  if (relay.state !== "running") return verdicts;
  const key = await readOnionKey(config.data.directory);
  const { host } = key ?? {};
  const has = host !== undefined &&
    relay.addresses.some((address) => address.includes(host));
  verdicts.push(
    has ? ok(`The relay has the onion address ${host}.`) : problem(
      "The relay has no onion address, though tor would give it one.",
      {
        meaning: "It began before it was allowed to use tor, or looks for it " +
          "again within a minute.",
        remedy: "Wait a minute, or restart the relay.",
      },
    ),
  );
  return verdicts;
}

async function without(
  error: TorError,
  { config }: DoctorContext,
): Promise<Verdict> {
  const { code, message, remedy } = error;
  const had = await readOnionKey(config.data.directory) !== undefined;
  if (config.onion.enabled === "on" || had) {
    return problem(`The onion address does not work. ${message}`, { remedy });
  }
  if (code === "not found") {
    return skipped(
      "There is no tor on this machine, and none is needed. With it the " +
        "relay could also be reached where no port can be opened.",
      "sudo apt install tor",
    );
  }
  return warning(message, {
    meaning: "So the relay has no onion address.",
    remedy,
  });
}
