import { type Check, ok, skipped, type Verdict, warning } from "../check.ts";

/** Parts of the relay's status that are about sharing it. */
const PARTS: ReadonlySet<string> = new Set(["sharing", "directory", "share"]);

/** Directories: that they list the relay, as its owner wants it. */
export const directory: Check = {
  name: "directory",
  group: "The way to it",
  run({ relay, config: { share } }) {
    if (share.listed === "off") return [];
    if (relay.state !== "running") {
      return [skipped("The running relay reports to directories.")];
    }
    const found = relay.status.parts.filter(({ name }) => PARTS.has(name));
    if (found.length > 0) return found.map(verdict);
    return [
      skipped(
        "The running relay does not say how it stands with directories.",
        "It began before share.listed was set, or is of another version: restart it.",
      ),
    ];
  },
};

function verdict(
  { state, reason, note, remedy }: {
    readonly state: string;
    readonly reason?: string;
    readonly note?: string;
    readonly remedy?: string;
  },
): Verdict {
  return state === "ok"
    ? ok(note ?? "All is well.")
    : warning(reason ?? "It needs a look.", { remedy });
}
