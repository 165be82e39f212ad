import {
  CHANNELS,
  findLayout,
  guardStart,
  type Layout,
  PROGRAMS_VARIABLE,
  rollBack,
  setChannel,
  update,
  UpdateError,
  type UpdateOptions,
  type UpdateResult,
  type UpdateStep,
} from "../update/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { configOf } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** `porchlight update`: looks for a new version and installs it. */
export const updateCommand = command({
  summary: "Install the newest version, or go back to the one before",
  takes: "[guard]",
  help:
    `Looks for a new version, fetches it, checks who made it, and restarts the relay
with it. The new version has a minute to show that messages and files work; if
it does not, the old one is put back and the relay goes on with it. Nothing in
the relay's data is lost either way. A timer does the same by itself.

  sudo porchlight update
  sudo porchlight update --check
  sudo porchlight update --rollback

"porchlight update guard" is for the service: it runs before each start and goes
back from a version that does not come up. The exit code is 0 when all went
well, also when there was nothing to do, 1 when it did not, 4 when a version was
put in place and taken back.`,
  flags: {
    check: { doc: "Only say whether there is a newer one." },
    rollback: { doc: "Go back to the version before this one." },
    channel: {
      doc: "Take versions of stable or beta from now on.",
      value: "CHANNEL",
    },
    now: {
      doc: "Do not wait: for quiet hours, or for its turn.",
    },
    timer: { doc: "Only when it is time to look again." },
    ...configFlags,
  },
  async run(values, { terminal, env }, words) {
    const layout = findLayout(env);
    if (words.length > 0) return await guard(words, { layout, terminal });
    const { channel } = values;
    const wanted = CHANNELS.find((each) => each === channel);
    if (channel !== undefined && wanted === undefined) {
      throw new UsageError("--channel is stable or beta.");
    }
    const config = configOf(values, env);
    if (layout === undefined) throw notInstalled();
    const options: UpdateOptions = {
      config,
      layout,
      onStep: (step) => tell(step, terminal),
    };
    try {
      if (wanted !== undefined) {
        await setChannel(layout, wanted);
        terminal.print(`Versions of the channel ${wanted} are taken now.`);
      }
      const result = values.rollback
        ? await rollBack(options)
        : await update(options, {
          checkOnly: values.check,
          byTimer: values.timer,
          now: values.now,
        });
      terminal.print(...describe(result));
      return result.outcome === "went back" ? 4 : 0;
    } catch (error) {
      if (!(error instanceof UpdateError)) throw error;
      const wrong = terminal.style("red", "porchlight:");
      terminal.complain(`${wrong} ${error.message}`);
      if (error.remedy !== undefined) terminal.complain(error.remedy);
      return 1;
    }
  },
});

/** Never keeps a relay from starting, whatever goes wrong here. */
async function guard(
  words: readonly string[],
  { layout, terminal }: {
    layout: Layout | undefined;
    terminal: Terminal;
  },
): Promise<number> {
  if (words.length > 1 || words[0] !== "guard") {
    throw new UsageError(`"${words[0].slice(0, 60)}" is one word too many.`);
  }
  if (layout === undefined) return 0;
  try {
    const did = await guardStart(layout);
    if (did !== undefined) terminal.print(did);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.complain(`The update could not be looked after: ${reason}`);
  }
  return 0;
}

function notInstalled(): UpdateError {
  return new UpdateError(
    "not installed",
    "This Porchlight was not put in place by its installer, so it does not " +
      "update itself. Update it as you got it, for example with: git pull. " +
      `(${PROGRAMS_VARIABLE} can name the directory of its versions.)`,
  );
}

const STEPS: Readonly<Partial<Record<UpdateStep, string>>> = {
  downloaded: "Fetched the new version; it is signed as it must be.",
  unpacked: "It runs on this machine.",
  restarted: "Restarting the relay with it, and trying it out ...",
  failed: "It does not work. Going back ...",
};

function tell(step: UpdateStep, terminal: Terminal): void {
  const text = STEPS[step];
  if (text !== undefined) terminal.print(text);
}

/** What came of an update, for its owner. */
export function describe(result: UpdateResult): string[] {
  switch (result.outcome) {
    case "not yet":
      return ["It is not time to look for a new version yet."];
    case "newest":
      return [`Version ${result.version} is the newest.`];
    case "updated":
      return [`Version ${result.version} runs now.`];
    case "went back":
      return [
        `Version ${result.version} did not work here: ${result.reason}`,
        `The relay runs with version ${result.to} again.`,
      ];
    case "restart needed":
      return [
        `Version ${result.version} is in place. Restart the relay, then run ` +
        "this again: it tries the new version out.",
        "With update.restart_command this is done for you.",
      ];
    case "available":
      return [
        `Version ${result.version} is there.`,
        ...result.notes === undefined ? [] : [result.notes],
        ...reasons[result.because],
      ];
  }
}

const reasons = {
  "only looked": ["Install it with: sudo porchlight update"],
  later: [
    "Not all relays get it at the same time, and the turn of this one comes " +
    "later.",
    "To have it at once: sudo porchlight update --now",
  ],
  failed: [
    "It was tried here three times and did not work.",
    "To try it once more: sudo porchlight update --now",
  ],
  "quiet hours": [
    "It is installed after the quiet hours.",
    "To have it at once: sudo porchlight update --now",
  ],
} as const;
