import { refuseRelay, restoreBackup } from "../backup/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { passphraseOf, secretText } from "./passphrase.ts";
import { Progress, systemProgressOutput } from "./progress.ts";
import { configOf } from "./settings.ts";

/** `porchlight restore FILE`: the relay out of a backup. */
export const restore = command({
  summary: "Make this machine the relay of a backup",
  takes: "FILE",
  help:
    `Checks all of FILE, which "porchlight backup" wrote, and then puts the relay
in it into the data directory: the same address, queues and messages. Never run
the relay on two machines: stop the old one for good. See docs/backup.md.

  porchlight restore /media/usb/relay.age
  porchlight restore /media/usb/relay.age --dry-run    (only check it)`,
  flags: {
    replace: { doc: "Where there is a relay, keep it aside." },
    "dry-run": { doc: "Only check the backup." },
    "passphrase-file": {
      doc: "A file whose first line is the passphrase.",
      value: "FILE",
    },
    "key-file": {
      doc: "A file with secret keys of age.",
      value: "FILE",
    },
    data: configFlags.data,
  },
  async run(values, { terminal, env }, words) {
    if (words.length !== 1) {
      throw new UsageError(
        "restore takes one file: porchlight restore /media/usb/relay.age",
      );
    }
    const [source] = words;
    const { replace, "dry-run": dryRun, "key-file": keyFile } = values;
    const { directory } =
      configOf({ ...values, config: undefined, set: [] }, env).data;
    if (!dryRun) await refuseRelay(directory, { replace });
    const keys = keyFile === undefined
      ? {
        passphrase: await passphraseOf({
          file: values["passphrase-file"],
          env,
          terminal,
          isNew: false,
        }),
      }
      : { identities: identitiesIn(await secretText(keyFile)) };
    const total = await sizeOf(source);
    const progress = new Progress(
      "Reading the backup",
      total,
      systemProgressOutput(terminal.columns),
    );
    const report = await restoreBackup({
      source,
      directory,
      keys,
      replace,
      dryRun,
      onBytes: (bytes) => progress.add(bytes),
    }).finally(() => progress.end());
    const { header, files, aside, notes } = report;
    terminal.print(
      dryRun
        ? `The backup is whole: ${files} files.`
        : `Restored to ${directory}: ${files} files.`,
      `Made: ${header.created} by Porchlight ${header.version}`,
      `Fingerprint: ${header.fingerprint}`,
    );
    if (aside !== undefined) {
      terminal.print(`The relay that was here before: ${aside}`);
    }
    terminal.print(...notes);
    if (!dryRun) {
      terminal.print(
        "",
        "Stop the old relay for good, then start this one: porchlight start",
      );
    }
    return 0;
  },
});

/** Secret keys in a file of `age-keygen`. */
function identitiesIn(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length > 0) return keys;
  throw new UsageError("There is no secret key of age in that file.");
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (cause) {
    throw new UsageError(`There is no file ${path}.`, { cause });
  }
}
