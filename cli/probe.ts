import type { ProbeResult, ProbeStep } from "../probe/mod.ts";
import { parseDuration } from "../config/mod.ts";
import {
  hostInAddress,
  parseServerAddress,
  type ServerAddress,
} from "../relay/smp/mod.ts";
import { command } from "./command.ts";
import { interruptible } from "./file_flags.ts";
import { UsageError } from "./flags.ts";
import type { Style, Terminal } from "./terminal.ts";

/** `porchlight probe`: tries out any relay from this machine. */
export const probe = command({
  summary: "Try out a relay, from this machine",
  takes: "ADDRESS",
  help:
    `Does what "Test server" in the SimpleX app does, and says what happened: finds
the machine, connects, checks the fingerprint, and uses the relay once. For
messages (smp://) it creates a queue, sends a message through it, and deletes
it; for files (xftp://) it uploads a piece, downloads and deletes it.

  porchlight probe smp://…@relay.example.org:5223

Run it on a machine that is not in your home network to see whether the world
can reach your relay. The exit code is 0 when everything works, else 1.`,
  flags: {
    quick: { doc: "Connect and say hello, but create nothing." },
    timeout: {
      doc: "How long each step may take (default 10s).",
      value: "DURATION",
    },
    json: { doc: "Print JSON, for programs." },
  },
  async run(values, { terminal }, words) {
    const [text, more] = words;
    if (text === undefined || more !== undefined) {
      throw new UsageError(
        'Say which relay: "porchlight probe smp://…@relay.example.org".',
      );
    }
    const address = parseServerAddress(text);
    const timeoutMs = parseTimeout(values.timeout);
    const result = await interruptible(async (signal) => {
      // Files bring HTTP/2 along: loaded when they are asked for.
      const { testSmp, testXftp } = await import("../probe/mod.ts");
      const test = address.scheme === "smp" ? testSmp : testXftp;
      return await test(address, { signal, timeoutMs, full: !values.quick });
    });
    if (values.json) terminal.print(JSON.stringify(result, undefined, 2));
    else terminal.print(...describe(result, address, terminal));
    return result.ok ? 0 : 1;
  },
});

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeoutMs = parseDuration(text);
  if (timeoutMs !== undefined && timeoutMs >= 100 && timeoutMs <= 600_000) {
    return timeoutMs;
  }
  throw new UsageError('--timeout takes a duration such as "10s" or "1m".');
}

const marks: Readonly<
  Record<ProbeStep["state"], { style: Style; word: string }>
> = {
  ok: { style: "green", word: "ok" },
  warning: { style: "yellow", word: "warning" },
  failed: { style: "red", word: "failed" },
};

/** The result as an owner reads it. */
export function describe(
  { ok, steps, scheme }: ProbeResult,
  { hosts }: Pick<ServerAddress, "hosts">,
  { style }: Pick<Terminal, "style">,
): string[] {
  const indent = " ".repeat(11);
  const lines = steps.flatMap(({ state, text, remedy }) => {
    const { style: colour, word } = marks[state];
    const shown = `  ${style(colour, word.padEnd(7))}  ${text}`;
    return remedy === undefined ? [shown] : [shown, `${indent}${remedy}`];
  });
  const what = scheme === "smp" ? "messages" : "files";
  const where = hosts.map(hostInAddress).join(", ");
  const sum = ok
    ? style("green", `The relay works for ${what}, from this machine.`)
    : style("red", `The relay cannot be used for ${what} from this machine.`);
  return [`The relay at ${where}:`, ...lines, "", sum];
}
