import {
  askRelay,
  ControlError,
  type PartState,
  type RelayStatus,
} from "../relay/control/mod.ts";
import { command, type Context } from "./command.ts";
import { configFlags, type FlagValues } from "./flags.ts";
import { configOf } from "./settings.ts";
import type { Style, Terminal } from "./terminal.ts";

/** `porchlight status`: asks the running relay how it is. */
export const status = command({
  summary: "Say how the running relay is, and what to do about it",
  help:
    `Asks the running relay how each of its parts is. The exit code is 0 when the
relay works, 1 when a part of it is down, 3 when it is not running.`,
  flags: { json: { doc: "Print JSON, for programs." }, ...configFlags },
  run: (values, context) => printStatus(values, context),
});

/** Asks and prints; gives the exit code. */
export async function printStatus(
  values: FlagValues<typeof configFlags> & { readonly json: boolean },
  { terminal, env }: Pick<Context, "terminal" | "env">,
): Promise<number> {
  const { socket } = configOf(values, env).control;
  let answer: unknown;
  try {
    answer = await askRelay("/status", { socket });
  } catch (error) {
    const stopped = error instanceof ControlError &&
      error.code === "not running";
    if (!stopped) throw error;
    if (values.json) terminal.print(JSON.stringify({ state: "stopped" }));
    else terminal.print(error.message);
    return 3;
  }
  if (!isRelayStatus(answer)) {
    throw new ControlError(
      "no answer",
      "The running relay is of another version. Restart it.",
    );
  }
  if (values.json) terminal.print(JSON.stringify(answer, undefined, 2));
  else terminal.print(...describe(answer, terminal));
  return answer.state === "down" ? 1 : 0;
}

const words: Readonly<Record<PartState, { style: Style; sum: string }>> = {
  ok: { style: "green", sum: "all is well" },
  degraded: { style: "yellow", sum: "it works, but needs a look" },
  down: { style: "red", sum: "a part of it does not work" },
};

/** The status as an owner reads it. */
export function describe(
  status: RelayStatus,
  { style }: Pick<Terminal, "style">,
): string[] {
  const { sum, style: colour } = words[status.state];
  const width = Math.max(0, ...status.parts.map(({ name }) => name.length));
  const indent = " ".repeat(14 + width);
  const lines = [
    `Porchlight ${status.version} is running: ${style(colour, sum)}.`,
    `Up for ${duration(status.uptimeSeconds)}.`,
    "",
  ];
  for (const { name, state, reason, note, remedy } of status.parts) {
    const shown = style(words[state].style, state.padEnd(8));
    const said = reason ?? note ?? "";
    lines.push(`  ${shown}  ${name.padEnd(width)}  ${said}`.trimEnd());
    if (remedy !== undefined) lines.push(`${indent}${remedy}`);
  }
  const counts = Object.entries(status.counts)
    .filter(([, count]) => count > 0)
    .map(([label, count]) => `${count.toLocaleString("en")} ${plain(label)}`);
  if (counts.length > 0) lines.push("", `  ${counts.join(", ")}`);
  return lines;
}

/** "notifier subscriptions" of `notifierSubscriptions`. */
function plain(label: string): string {
  return label.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replaceAll("_", " ");
}

/** "3 hours 5 minutes": the two largest units. */
export function duration(seconds: number): string {
  const units: [string, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const largest = units.findIndex(([, size]) => seconds >= size);
  if (largest === -1) return "less than a second";
  return units.slice(largest, largest + 2).map(([name, size], index) => {
    const before = index === 0 ? Infinity : units[largest][1];
    const count = Math.floor((seconds % before) / size);
    return count === 0 ? "" : `${count} ${name}${count === 1 ? "" : "s"}`;
  }).filter(Boolean).join(" ");
}

function isRelayStatus(answer: unknown): answer is RelayStatus {
  return isRecord(answer) && typeof answer.version === "string" &&
    isState(answer.state) && typeof answer.uptimeSeconds === "number" &&
    Array.isArray(answer.parts) && answer.parts.every(isPart) &&
    isRecord(answer.counts) &&
    Object.values(answer.counts).every((count) => typeof count === "number");
}

function isPart(part: unknown): boolean {
  return isRecord(part) && typeof part.name === "string" &&
    isState(part.state) && isOptionalText(part.reason) &&
    isOptionalText(part.note) &&
    isOptionalText(part.remedy);
}

function isState(state: unknown): boolean {
  return typeof state === "string" && Object.hasOwn(words, state);
}

function isOptionalText(text: unknown): boolean {
  return text === undefined || typeof text === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
