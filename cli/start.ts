import { fstatSync } from "node:fs";
import type { Config, Environment } from "../config/mod.ts";
import {
  ControlError,
  type ControlServer,
  relayHandlers,
  serveControl,
} from "../relay/control/mod.ts";
import { createLog, type Log } from "../relay/log.ts";
import { type Relay, startRelay } from "../relay/relay.ts";
import { VERSION } from "../relay/version.ts";
import { findLayout, UpdatePart } from "../update/mod.ts";
import { printBanner } from "./banner.ts";
import { command } from "./command.ts";
import { configFlags } from "./flags.ts";
import { restartSignal, startAgain } from "./restart.ts";
import { configOf, initialise, loadOptions } from "./settings.ts";
import { survive } from "./survive.ts";
import { type Notifier, systemdNotifier } from "./systemd.ts";
import { serveOwnPage } from "./web.ts";

/** How long the banner waits for the router, in milliseconds. */
const PATH_WAIT_MS = 3000;

/** `porchlight start`: runs the relay until it is told to stop. */
export const start = command({
  summary: "Run the relay; the first time it makes what is missing",
  help:
    `Runs the relay until Ctrl-C or SIGTERM, and shows its address and QR code. The
first time, it makes the identity and the settings as "porchlight init" does.

  porchlight start --set listen.ports=5223,443
  porchlight start --data /mnt/disk/porchlight`,
  flags: configFlags,
  async run(values, { terminal, env }) {
    const first = await initialise(values, env);
    const journal = isJournal(env);
    const log = createLog({ level: first.config.log.level, journal });
    const systemd = systemdNotifier(env);
    using stopping = stopSignal();
    const { signal } = stopping;
    using updates = await watchUpdates(env);
    const answers: Answers = { updates, restart: () => {} };
    // First, for it finds out whether this relay is running already.
    await using _control = await serveOwner(first.config, { answers, log });
    using _survivor = survive(log);
    await using _page = await serveOwnPage(first.config, {
      loadOptions: loadOptions(values, env),
      settingsFile: first.file,
      log,
    });
    let before: Config | undefined;
    let next: Config | undefined = first.config;
    for (let round = 1; next !== undefined && !signal.aborted; round++) {
      const config: Config = next;
      const log = createLog({ level: config.log.level, journal });
      const restarting = restartSignal(answers, () => configOf(values, env));
      const { relay, config: used } = await startAgain(config, {
        before,
        start: (config, parts) =>
          startRelay({
            config,
            log,
            parts: [() => updates?.status(), ...parts],
          }),
        log,
      });
      before = used;
      if (!signal.aborted && !restarting.signal.aborted) {
        answers.relay = relay;
        systemd.notify("READY=1");
        if (journal) log.info("Running. Its address: porchlight address");
        else if (round === 1) {
          // It relays already; the address to show is known a moment later.
          await relay.path.settled(PATH_WAIT_MS);
          printBanner({
            config,
            file: first.file,
            addresses: relay.reachedAddresses(),
            path: relay.path.answer(),
          }, terminal);
        }
        await untilStopped(
          AbortSignal.any([signal, restarting.signal]),
          systemd,
        );
      }
      next = restarting.config();
      if (next !== undefined && !signal.aborted) {
        log.info("Starting again, as its owner has asked for.");
      }
      if (signal.aborted) systemd.notify("STOPPING=1");
      if (signal.aborted && terminal.isTerminal) terminal.print("Stopping.");
      await relay.stop();
      answers.relay = undefined;
    }
    return 0;
  },
});

/**
 * Serves the control socket. A relay that cannot have one still relays: then
 * the log says what is missing.
 *
 * @throws {ControlError} `already running`
 */
async function serveOwner(
  config: Config,
  { answers, log }: { answers: Answers; log: Log },
): Promise<ControlServer | null> {
  try {
    return await serveControl({
      path: config.control.socket,
      handlers: relayHandlers(() => answers.relay?.control, {
        update: () => answers.updates?.answer(),
        restart: () => answers.restart(),
      }),
      onError: (error) => log.error("A control command failed", error),
    });
  } catch (error) {
    const fatal = !(error instanceof ControlError) ||
      error.code === "already running";
    if (fatal) throw error;
    log.warn(`"porchlight status" will not work: ${error.message}`);
    return null;
  }
}

/** Who answers the control socket. */
interface Answers {
  /** `undefined` until it runs. */
  relay?: Relay;
  /** `undefined` where the program does not update itself. */
  readonly updates: UpdatePart | undefined;
  /** Begins to start the relay again. */
  restart(): void;
}

/** What is known of updates, where the program was put in place by its installer. */
async function watchUpdates(env: Environment): Promise<UpdatePart | undefined> {
  const layout = findLayout(env);
  return layout && await UpdatePart.start(layout, VERSION);
}

/** Waits for the order to stop, and lets systemd's watchdog know meanwhile. */
export async function untilStopped(
  signal: AbortSignal,
  { notify, watchdogMs }: Notifier,
): Promise<void> {
  const watchdog = watchdogMs === undefined
    ? undefined
    : setInterval(() => notify("WATCHDOG=1"), watchdogMs);
  if (!signal.aborted) {
    await new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
  }
  clearInterval(watchdog);
}

/** Aborted by Ctrl-C, SIGTERM or a closed terminal; the second time ends the process. */
export function stopSignal(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) Deno.addSignalListener(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) Deno.removeSignalListener(name, onSignal);
    },
  };
}

/** Whether standard error leads to journald (systemd.exec(5), `JOURNAL_STREAM`). */
export function isJournal(env: Environment): boolean {
  if (!env.JOURNAL_STREAM) return false;
  const { dev, ino } = fstatSync(2);
  return env.JOURNAL_STREAM === `${dev}:${ino}`;
}
