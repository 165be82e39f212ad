/**
 * What the parts of `porchlight file` share.
 *
 * @module
 */

import { parseSocksProxy } from "../relay/transport/mod.ts";
import type { RelaysOptions } from "../relay/xftp/transfer/mod.ts";
import type { Context } from "./command.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import { Progress, systemProgressOutput } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Flags of `porchlight file`. */
export const fileFlags = {
  server: {
    doc: "send: an XFTP relay to use; may be repeated.",
    value: "ADDRESS",
    multiple: true,
  },
  recipients: {
    doc: "send: for how many people (default 1).",
    value: "NUMBER",
    short: "n",
  },
  output: {
    doc: "Where descriptions, or the file, go.",
    value: "DIRECTORY",
    short: "o",
  },
  yes: { doc: "Remove a description that is used up.", short: "y" },
  "socks-proxy": {
    doc: "Go through this proxy, for example Tor.",
    value: "HOST:PORT",
  },
} as const;

/** Values of {@link fileFlags}. */
export type FileFlagValues = FlagValues<typeof fileFlags>;

/** What each part gets. */
export interface FileContext extends Context {
  readonly values: FileFlagValues;
}

/** Somebody pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor() {
    super("Broken off.");
  }
}

/** Does something that Ctrl-C breaks off, so that it can tidy up. */
export async function interruptible<T>(
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Interrupted());
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  }
}

/**
 * Shows how far a transfer is while `run` does it. `run` gets what transfers
 * tell their progress to.
 */
export async function withProgress<T>(
  label: string,
  { columns }: Terminal,
  run: (
    tell:
      & Pick<RelaysOptions, "onRetry">
      & {
        onStart: (size: number) => void;
        onProgress: (bytes: number) => void;
      },
  ) => Promise<T>,
): Promise<T> {
  let progress: Progress | undefined;
  const said = new Set<string>();
  try {
    return await run({
      onStart: (size) => {
        progress?.end();
        progress = new Progress(label, size, systemProgressOutput(columns));
      },
      onProgress: (bytes) => progress?.add(bytes),
      onRetry: ({ hosts }, { message }) => {
        const line = `${hosts[0]}: ${message}. Trying again.`;
        // Of several parts that fail in the same way one is enough.
        if (!said.has(line)) progress?.note(line);
        said.add(line);
      },
    });
  } finally {
    progress?.end();
  }
}

/** How relays are to be reached. */
export function reachOptions(
  { "socks-proxy": text }: FileFlagValues,
): Pick<RelaysOptions, "socksProxy"> {
  if (text === undefined) return {};
  const socksProxy = parseSocksProxy(text);
  if (socksProxy !== undefined) return { socksProxy };
  throw new UsageError(
    "--socks-proxy takes an address such as 127.0.0.1:9050.",
  );
}

/** Refuses flags that mean nothing here. */
export function refuseFlags(
  values: FileFlagValues,
  action: string,
  names: readonly (keyof FileFlagValues)[],
): void {
  for (const name of names) {
    const value = values[name];
    const given = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (given) throw new UsageError(`--${name} is not for "${action}".`);
  }
}
