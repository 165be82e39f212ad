import { resolve } from "node:path";
import { writeBackup } from "../backup/mod.ts";
import { configFile } from "../config/mod.ts";
import { askRelay, ControlError } from "../relay/control/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { passphraseOf } from "./passphrase.ts";
import { size } from "./progress.ts";
import { configOf, loadOptions } from "./settings.ts";

/** `porchlight backup FILE`: one encrypted file that holds the relay. */
export const backup = command({
  summary: "Write the whole relay into one encrypted file",
  takes: "FILE",
  help:
    `Writes the relay's identity, settings, queues, messages, onion key, place at
its core and statistics into FILE, locked with a passphrase. The relay may run.
With the file and the passphrase, "porchlight restore" makes any machine this
relay, at the same address. See docs/backup.md.

  porchlight backup /media/usb/relay.age
  porchlight backup relay.age --recipient age1…    (for the program age)`,
  flags: {
    "with-files": { doc: "Also files that wait for their recipients." },
    "passphrase-file": {
      doc: "A file whose first line is the passphrase.",
      value: "FILE",
    },
    recipient: {
      doc: "Lock it for this key of age instead.",
      value: "AGE1…",
      multiple: true,
    },
    overwrite: { doc: "Replace a file that is there." },
    ...configFlags,
  },
  async run(values, { terminal, env }, words) {
    if (words.length !== 1) {
      throw new UsageError(
        "backup takes one file: porchlight backup /media/usb/relay.age",
      );
    }
    const config = configOf(values, env);
    const recipients = values.recipient;
    if (recipients.length > 0 && values["passphrase-file"] !== undefined) {
      throw new UsageError("Choose either a passphrase or recipients.");
    }
    const keys = recipients.length > 0 ? { recipients } : {
      passphrase: await passphraseOf({
        file: values["passphrase-file"],
        env,
        terminal,
        isNew: true,
      }),
    };
    try {
      await askRelay("/save", { socket: config.control.socket, body: {} });
    } catch (error) {
      const isRunning = error instanceof ControlError &&
        error.code !== "not running";
      if (isRunning) {
        terminal.complain(
          `The newest statistics are not in it: ${error.message}`,
        );
      } else if (!(error instanceof ControlError)) throw error;
    }
    const report = await writeBackup({
      config,
      settingsFile: resolve(configFile(loadOptions(values, env))),
      target: words[0],
      keys,
      withFiles: values["with-files"],
      overwrite: values.overwrite,
    });
    const { print } = terminal;
    print(
      `Written: ${report.target} (${size(report.bytes)})`,
      `Fingerprint: ${report.fingerprint}`,
      ...report.notes,
    );
    if (config.xftp.enabled && !report.withFiles) {
      print(
        "Files that wait for their recipients are not in it; --with-files takes them.",
      );
    }
    print(
      "",
      "Keep it away from this machine. It opens with the passphrase or key alone.",
    );
    return 0;
  },
});
