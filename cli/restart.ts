/**
 * Starting the relay again within the same process.
 *
 * @module
 */

import { type Config, ConfigError } from "../config/mod.ts";
import { type PartStatus, Refusal } from "../relay/control/mod.ts";
import type { Log } from "../relay/log.ts";
import type { Relay } from "../relay/relay.ts";

/** What the control socket asks. */
export interface RestartAnswers {
  relay?: Relay;
  restart(): void;
}

/**
 * Lets the control socket ask for a restart: aborted then, and `config` gives
 * the settings as they were at that moment.
 */
export function restartSignal(
  answers: RestartAnswers,
  load: () => Config,
): { readonly signal: AbortSignal; config(): Config | undefined } {
  const controller = new AbortController();
  let config: Config | undefined;
  answers.restart = () => {
    try {
      config = load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new Refusal(
        "conflict",
        `The relay goes on as it is, for its settings have a fault. ${
          error.problems.join(" ")
        }`,
      );
    }
    // From now on it says that it is starting.
    answers.relay = undefined;
    controller.abort();
  };
  return { signal: controller.signal, config: () => config };
}

/** How {@link startAgain} starts. */
export interface StartAgainOptions {
  /** Settings with which it ran before; `undefined` the first time. */
  readonly before: Config | undefined;
  readonly start: (
    config: Config,
    parts: readonly (() => PartStatus | undefined)[],
  ) => Promise<Relay>;
  readonly log: Log;
}

/**
 * Starts the relay. Where it ran before and cannot start with its new settings
 * (a port that is taken), it goes on with those before, and its status says so.
 */
export async function startAgain(
  config: Config,
  { before, start, log }: StartAgainOptions,
): Promise<{ relay: Relay; config: Config }> {
  try {
    return { relay: await start(config, []), config };
  } catch (error) {
    if (before === undefined) throw error;
    log.error("The relay goes on with the settings that it had", error);
    const message = error instanceof Error ? error.message : String(error);
    const relay = await start(before, [() => ({
      name: "settings",
      state: "degraded",
      reason: "The relay could not be started with its new settings, and " +
        `goes on with those before: ${message}`,
      remedy: "Change the settings, and restart the relay.",
    })]);
    return { relay, config: before };
  }
}
