import { join, resolve } from "node:path";
import {
  type Config,
  configFile,
  type Environment,
  loadConfig,
} from "../config/mod.ts";
import {
  FILE_INI_FILE,
  type FileImportReport,
  importFiles,
  type ImportReport,
  importState,
  INI_FILE,
  kindOfServer,
  MigrateError,
  type Problem,
  referenceDirectories,
} from "../relay/migrate/mod.ts";
import { command } from "./command.ts";
import { configFlags, type FlagValues, UsageError } from "./flags.ts";
import { size } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Problems that are shown one by one. */
const SHOWN = 20;

/** `porchlight import DIR`: moves in from a reference server of either kind. */
export const importCommand = command({
  summary: "Move in from an smp-server or xftp-server, with its address",
  takes: "DIRECTORY",
  help: `Takes over what an smp-server keeps in DIRECTORY (mostly
/var/opt/simplex): queues, messages, notifications, statistics, settings and
its certificates, so that the relay has the server's address and apps go on
without noticing. Stop the server first, and do not start it again. Its files
are only read. See docs/moving.md.

  porchlight import /var/opt/simplex --config-dir /etc/opt/simplex

Of an xftp-server it takes files with their contents, into a new relay:

  porchlight import /var/opt/simplex-xftp --config-dir /etc/opt/simplex-xftp`,
  flags: {
    "config-dir": {
      doc: "Where the settings and certificates are.",
      value: "DIRECTORY",
    },
    "files-dir": {
      doc: "Where the xftp-server's contents are now.",
      value: "DIRECTORY",
    },
    "dry-run": { doc: "Only say what would be taken." },
    "into-existing": {
      doc: "Also where another identity or queues are.",
    },
    ...configFlags,
  },
  async run(values, { terminal, env }, words) {
    if (words.length !== 1) {
      throw new UsageError(
        "import takes one directory: porchlight import /var/opt/simplex",
      );
    }
    const { config, file } = targetOf(values, env);
    const { directory } = config.data;
    const { "dry-run": dryRun, "files-dir": filesDirectory } = values;
    const intoExisting = values["into-existing"];
    const from = await referenceDirectories(words[0], values["config-dir"]);
    const options = { from, directory, settingsFile: file, dryRun };
    if (await kindOfServer(from) === "files") {
      if (intoExisting) {
        throw new UsageError(
          "--into-existing is for messages: files go into a new relay, or " +
            "into one that has the server's identity.",
        );
      }
      const report = await importFiles({
        ...options,
        contents: resolve(config.xftp.directory || join(directory, "files")),
        filesDirectory: filesDirectory && resolve(filesDirectory),
      });
      show(terminal, {
        report,
        counts: fileCounts(report),
        dryRun,
        ini: FILE_INI_FILE,
      });
      const settingsCount = report.wroteSettings === file;
      if (!config.xftp.enabled && !settingsCount) {
        terminal.print(
          "",
          "The relay serves files only where porchlight.toml says:",
          "  [xftp]",
          "  enabled = true",
        );
      }
    } else {
      if (filesDirectory !== undefined) {
        throw new UsageError("--files-dir is for an XFTP server.");
      }
      const report = await importState({ ...options, intoExisting });
      show(terminal, {
        report,
        counts: countsOf(report),
        dryRun,
        ini: INI_FILE,
      });
    }
    if (!dryRun) {
      terminal.print("", "Start the relay with: porchlight start");
    }
    return 0;
  },
});

/** The relay's settings, whether or not their file is there. */
function targetOf(
  { data, config: path, set }: FlagValues<typeof configFlags>,
  env: Environment,
): { readonly config: Config; readonly file: string } {
  const options = {
    path,
    set: [...(data === undefined ? [] : [`data.directory=${data}`]), ...set],
    env,
  };
  const file = resolve(configFile(options));
  const config = loadConfig(
    isThere(file) ? options : { ...options, path: undefined },
  );
  const { certificate, key, ca } = config.tls;
  if (certificate !== "" || key !== "" || ca !== "") {
    throw new MigrateError(
      `The settings in ${file} say that the certificates are somewhere else. ` +
        "The server's certificates go into the data directory: take " +
        "certificate, key and ca out of [tls] and try again.",
    );
  }
  return { config, file };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What is shown of every import. */
interface Shown {
  readonly report:
    & Pick<
      ImportReport,
      | "fingerprint"
      | "tookIdentity"
      | "settings"
      | "leftSettings"
      | "wroteSettings"
      | "findings"
    >
    & { readonly oldIdentity?: string };
  readonly counts: readonly (readonly [number, string])[];
  readonly dryRun: boolean;
  /** Name of the server's settings. */
  readonly ini: string;
}

function show(
  { print, complain, style }: Terminal,
  { report, counts, dryRun, ini }: Shown,
): void {
  const { findings } = report;
  print(style("bold", dryRun ? "This would be taken:" : "Taken:"));
  for (const [number, what] of counts) {
    print(`  ${String(number).padStart(8)}  ${what}`);
  }
  print(
    "",
    report.tookIdentity
      ? `Fingerprint: ${report.fingerprint} (the server's)`
      : `Fingerprint: ${report.fingerprint} (as before)`,
  );
  if (report.oldIdentity !== undefined) {
    print(`The relay's former identity: ${report.oldIdentity}`);
  }
  if (report.wroteSettings !== undefined) {
    print(`Settings: ${report.wroteSettings}`);
    if (report.wroteSettings.endsWith(".imported.toml")) {
      print(
        "  (beside your own porchlight.toml: copy from it what you want)",
      );
    }
  }
  for (const { name, entry } of report.settings) {
    print(`  [${entry.section}] ${entry.key} is now ${name}`);
  }
  if (report.leftSettings.length > 0) {
    print("", "Settings without a counterpart:");
    for (const { entry, text } of report.leftSettings) {
      const place = `${ini} line ${entry.line}`;
      print(`  ${place}: [${entry.section}] ${entry.key}: ${text}`);
    }
  }
  if (findings.notes.length > 0) print("", ...findings.notes);
  if (findings.problemCount === 0) return;
  complain("", style("yellow", `Not taken: ${findings.problemCount}`));
  complain(...findings.problems.slice(0, SHOWN).map(lineOf));
  const more = findings.problemCount - SHOWN;
  if (more > 0) complain(`  and ${more} more`);
}

function countsOf(report: ImportReport): [number, string][] {
  const counts: [number, string][] = [
    [report.queues, "queues"],
    [report.messages, "messages"],
    [report.notifications, "notifications"],
    [report.services, "services"],
    [report.counters, "counters of the statistics"],
  ];
  if (report.known > 0) {
    counts.push([report.known, "queues were here already and stayed"]);
  }
  return counts;
}

function fileCounts(report: FileImportReport): [number, string][] {
  const { files, uploaded, bytes, blocked, recipients, known } = report;
  return [
    [files, "files, each a piece of what was sent"],
    [uploaded, `of them with their content, ${size(bytes)} in all`],
    [blocked, "of them blocked"],
    [recipients, "recipients who may fetch one"],
    [report.counters, "counters of the statistics"],
    ...known > 0
      ? [
        [known, "files were here already and stayed"] satisfies [
          number,
          string,
        ],
      ]
      : [],
  ];
}

/** One problem as a line. */
export function lineOf({ file, line, text }: Problem): string {
  return line === undefined
    ? `  ${file}: ${text}`
    : `  ${file} line ${line}: ${text}`;
}
