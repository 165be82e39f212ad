import type { Config, LoadOptions } from "../config/mod.ts";
import type { Log } from "../relay/log.ts";
import type { WebServer } from "../web/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { askSecret, firstLine } from "./passphrase.ts";
import { configOf } from "./settings.ts";

/** What the page is served with, besides the configuration. */
interface PageOptions {
  readonly loadOptions: LoadOptions;
  readonly settingsFile: string;
  readonly log: Log;
}

/**
 * Serves the box's own page, if it is enabled. A relay that cannot have one
 * still relays: then the log says what is missing.
 */
export async function serveOwnPage(
  config: Config,
  { loadOptions, settingsFile, log }: PageOptions,
): Promise<WebServer | null> {
  if (!config.web.enabled) return null;
  // It is loaded only where it is served: memory is short on small boxes.
  const { serveWeb, WebError } = await import("../web/mod.ts");
  try {
    return await serveWeb({ config, loadOptions, settingsFile, log });
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    log.warn(error.message);
    return null;
  }
}

/** `porchlight password`: the owner's password of the page. */
export const password = command({
  summary: "Set the password of the relay's own page",
  help:
    `Sets the password with which the owner logs in to the page of this relay. It is
asked for, or read from a file; --reset takes it away, and whoever opens the
page next, from the same network, chooses another one.

  porchlight password
  porchlight password --reset`,
  flags: {
    reset: { doc: "Take the password away." },
    "password-file": {
      doc: "A file whose first line is the new password.",
      value: "FILE",
    },
    ...configFlags,
  },
  async run(values, { terminal, env }) {
    const config = configOf(values, env);
    const { OwnerPassword, PasswordError } = await import("../web/mod.ts");
    const owner = new OwnerPassword(config.data.directory);
    if (values.reset) {
      await owner.remove();
      terminal.print("The password is gone. Open the page to choose another.");
      return 0;
    }
    const file = values["password-file"];
    try {
      await owner.set(await newPassword(file));
    } catch (error) {
      if (!(error instanceof PasswordError)) throw error;
      throw new UsageError(error.message, { cause: error });
    }
    terminal.print("The password is set. Who is logged in stays so.");
    return 0;
  },
});

/** @throws {UsageError} where there is none and nobody to ask */
async function newPassword(file: string | undefined): Promise<string> {
  if (file !== undefined) return await firstLine(file);
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      "There is nobody to ask for the password. Give --password-file FILE.",
    );
  }
  const typed = await askSecret("New password: ");
  if (await askSecret("Again: ") === typed) return typed;
  throw new UsageError("These were two different passwords.");
}
