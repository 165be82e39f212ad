/**
 * The relay's log: one line a message, for a terminal, a file or journald.
 *
 * Nothing about a client goes in here at any level: no address, no queue, no
 * command. Callers keep to that; IP addresses in the texts of system errors
 * are taken out on the way.
 *
 * @module
 */

import { isIP } from "node:net";

/** From what always matters to what only helps to find a fault. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** Takes messages; `cause` is told with its own causes behind the message. */
export type Log = Readonly<
  Record<LogLevel, (message: string, cause?: unknown) => void>
>;

/** Levels with their priority in syslog (sd-daemon(3)). */
const priorities: Readonly<Record<LogLevel, number>> = {
  error: 3,
  warn: 4,
  info: 6,
  debug: 7,
};

export interface LogOptions {
  readonly level: LogLevel;
  /** Begin lines with journald's `<priority>` in place of time and level. */
  readonly journal?: boolean;
  /** Takes a line without its end; standard error unless given. */
  readonly write?: (line: string) => void;
  /** Gives the time; the clock unless given. */
  readonly now?: () => Date;
}

/** Makes a log. */
export function createLog(options: LogOptions): Log {
  const { level, journal = false, write = writeLine, now = () => new Date() } =
    options;
  const log = (at: LogLevel) => (message: string, cause?: unknown) => {
    if (priorities[at] > priorities[level]) return;
    const line = oneLine(message + causes(cause));
    write(
      journal
        ? `<${priorities[at]}>${line}`
        : `${now().toISOString().slice(0, 19)}Z ${at.padEnd(5)} ${line}`,
    );
  };
  return {
    error: log("error"),
    warn: log("warn"),
    info: log("info"),
    debug: log("debug"),
  };
}

/** A log that keeps nothing. */
export const silentLog: Log = createLog({ level: "error", write: () => {} });

const encoder = new TextEncoder();

function writeLine(line: string): void {
  const bytes = encoder.encode(`${line}\n`);
  try {
    for (let done = 0; done < bytes.length;) {
      done += Deno.stderr.writeSync(bytes.subarray(done));
    }
  } catch {
    // A log that nobody takes any more (closed pipe) must not stop the relay.
  }
}

/** The messages of an error and of what caused it, four deep at most. */
function causes(first: unknown): string {
  let text = "";
  let cause = first;
  for (let depth = 0; cause !== undefined && depth < 4; depth++) {
    const message = cause instanceof Error ? cause.message : String(cause);
    text += `: ${withoutAddresses(message)}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}

/** Takes IP addresses, with their ports, out of a system error's text. */
function withoutAddresses(text: string): string {
  return text.replaceAll(
    /\[?(?<!\w)[\da-f:.]{2,60}(?:%\w{1,16})?\]?(?::\d{1,5})?/gi,
    (found) => isAddress(found) ? "[address]" : found,
  );
}

/** Whether it is an address, whatever stands around it: brackets, port, full stop. */
function isAddress(text: string): boolean {
  const bare = text.replace(/^\[/, "").replace(/\](?::\d+)?$/, "");
  return [bare, bare.replace(/[.:]$/, ""), bare.replace(/:\d*[.:]?$/, "")]
    .some((candidate) => isIP(candidate) !== 0);
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return text.replaceAll(/[\x00-\x1f\x7f]+/g, " ").slice(0, 2000);
}
