import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { RelayView } from "../context.ts";
import { VERSION } from "../../relay/version.ts";

/** Parts that have checks of their own, which say more. */
const LOOKED_AT = new Set(["certificate", "onion", "path"]);

/** Whether the relay runs, and what it says of its parts. */
export const relay: Check = {
  name: "relay",
  group: "The relay",
  run({ relay }) {
    switch (relay.state) {
      case "running":
        return running(relay);
      case "stopped":
        return [problem("The relay is not running.", {
          meaning: "Nobody can use it now. What it keeps is on the disk.",
          remedy:
            "Start it: porchlight start. If it ended by itself, its log " +
            "says why: journalctl -u porchlight",
        })];
      case "unknown":
        return [problem("The relay cannot be asked.", {
          meaning: relay.reason,
        })];
    }
  },
};

function running(
  { status }: RelayView & { state: "running" },
): Verdict[] {
  const verdicts = [
    ok(
      `It is running, version ${status.version}, for ${
        ago(status.uptimeSeconds)
      }.`,
    ),
  ];
  if (status.version !== VERSION) {
    verdicts.push(warning(
      `The running relay is version ${status.version}, this one ${VERSION}.`,
      {
        meaning: "It was updated while the relay ran.",
        remedy: "Restart the relay.",
      },
    ));
  }
  for (const { name, state, reason = "", remedy } of status.parts) {
    if (LOOKED_AT.has(name)) continue;
    if (state === "degraded") verdicts.push(warning(reason, { remedy }));
    if (state === "down") verdicts.push(problem(reason, { remedy }));
  }
  return verdicts;
}

function ago(seconds: number): string {
  const units: [string, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [name, size] = units.find(([, size]) => seconds >= size) ??
    ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
