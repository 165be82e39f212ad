import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext } from "../context.ts";
import {
  findLayout,
  type Layout,
  MAX_TRIES,
  readState,
  type UpdateState,
} from "../../update/mod.ts";
import { VERSION } from "../../relay/version.ts";

/** Longer than any pause between two looks, in milliseconds. */
const LONG_MS = 21 * 86_400_000;

/** Whether the program keeps itself up to date. */
export const updates: Check = {
  name: "update",
  group: "This machine",
  async run(context) {
    const layout = findLayout(Deno.env.toObject());
    if (layout === undefined) {
      return [skipped(
        "This Porchlight was not put in place by its installer, and does not " +
          "update itself.",
        "Look for new versions now and then.",
      )];
    }
    return await look(layout, context);
  },
};

/** What the memory of the update in this layout tells. */
export async function look(
  layout: Layout,
  context: Pick<DoctorContext, "config" | "now">,
): Promise<Verdict[]> {
  try {
    return verdictsOf(await readState(layout), context);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return [skipped("This user may not see it.", "sudo porchlight doctor")];
  }
}

function verdictsOf(
  state: UpdateState,
  { config, now }: Pick<DoctorContext, "config" | "now">,
): Verdict[] {
  const { trial, failures, problem: fault, checkedAt, available } = state;
  const verdicts: Verdict[] = [];
  if (trial !== undefined) {
    verdicts.push(warning(`Version ${trial.version} is being tried.`, {
      meaning: "It is decided within minutes, unless it was broken off.",
      remedy: "sudo porchlight update",
    }));
  }
  for (const [version, { tries, reason }] of Object.entries(failures)) {
    if (tries < MAX_TRIES) continue;
    verdicts.push(warning(`Version ${version} is not used: ${reason}`, {
      meaning: `The relay stays with ${VERSION} until a newer one comes.`,
      remedy: "To try it once more: sudo porchlight update --now",
    }));
  }
  if (config.update.automatic === "off") {
    verdicts.push(
      skipped('New versions are not looked for (update.automatic = "off").'),
    );
  } else if (fault !== undefined) {
    verdicts.push(problem(`The last look failed. ${fault.reason}`, {
      meaning: "New versions do not come to this machine.",
      remedy: fault.remedy ?? "sudo porchlight update --check",
    }));
  } else if (checkedAt === undefined) {
    verdicts.push(skipped(
      "It was not looked for new versions yet.",
      "sudo porchlight update --check",
    ));
  } else if (now.getTime() - checkedAt > LONG_MS) {
    const day = new Date(checkedAt).toISOString().slice(0, 10);
    verdicts.push(warning(`It was last looked for new versions on ${day}.`, {
      meaning: "The timer does not run.",
      remedy: "sudo systemctl enable --now porchlight-update.timer",
    }));
  } else {
    verdicts.push(
      ok(
        available === undefined
          ? `Version ${VERSION} is the newest.`
          : `Version ${available.version} is there and not installed yet.`,
      ),
    );
  }
  return verdicts;
}
