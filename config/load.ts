/**
 * Reads the configuration: defaults, then the file, then the environment,
 * then `--set`; the later wins.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { ConfigError } from "./error.ts";
import {
  absolutePath,
  configFileName,
  defaultDataDirectory,
  type Environment,
  lineOf,
} from "./locate.ts";
import { missingInformation } from "./information_settings.ts";
import { nearest } from "./nearest.ts";
import { type Config, type Row, rows, schema } from "./schema.ts";
import { describeRaw } from "./settings.ts";

export interface LoadOptions {
  /** The configuration file; without it, `porchlight.toml` in the data directory if there is one. */
  readonly path?: string;
  /** `section.key=value`, as given to `--set`. */
  readonly set?: readonly string[];
  /** Environment variables, as `Deno.env.toObject()` gives them. */
  readonly env: Environment;
}

/** A raw value and where it was written. */
interface Given {
  readonly raw: unknown;
  /** To begin a message: "porchlight.toml line 3", "--set", "the environment". */
  readonly origin: string;
  /** The directory from which a relative data directory counts. */
  readonly base: string;
}

/**
 * Reads and checks the configuration.
 *
 * @throws {ConfigError} naming every wrong key and value, where it stands,
 * what is allowed and what was probably meant
 */
export function loadConfig(options: LoadOptions): Config {
  const problems: string[] = [];
  const over = new Map([
    ...fromEnvironment(options.env, problems),
    ...fromSet(options.set ?? [], problems),
  ]);
  const path = configPath(options, over);
  const given = new Map([...fromFile(path, options, problems), ...over]);
  const values = readAll(given, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return resolvePaths(values, { given, env: options.env });
}

/** The configuration without file, environment and flags. */
export function defaultConfig(env: Environment = {}): Config {
  // Nobody's home: the default directory is then of no use, but its value is.
  const home = { HOME: "/", ...env };
  return resolvePaths(readAll(new Map(), []), { given: new Map(), env: home });
}

/** The file that `loadConfig` reads with the same options, whether or not it is there. */
export function configFile(options: LoadOptions): string {
  const over = new Map([
    ...fromEnvironment(options.env, []),
    ...fromSet(options.set ?? [], []),
  ]);
  return configPath(options, over);
}

function configPath(
  { path, env }: LoadOptions,
  over: ReadonlyMap<string, Given>,
): string {
  if (path !== undefined) return resolve(path);
  const directory = over.get("data.directory")?.raw;
  return typeof directory === "string" && directory !== ""
    ? join(absolutePath(directory, { base: Deno.cwd(), env }), configFileName)
    : join(defaultDataDirectory(env), configFileName);
}

function fromFile(
  path: string,
  options: LoadOptions,
  problems: string[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  const toml = readFile(path, options, problems);
  if (toml === undefined) return given;
  const at = (section: string, key?: string) => {
    const line = lineOf(toml, section, key) ?? lineOf(toml, section);
    return line === undefined ? path : `${path} line ${line}`;
  };
  for (const [section, table] of Object.entries(parseFile(toml, path))) {
    const origin = at(section);
    if (!Object.hasOwn(schema, section)) {
      problems.push(`${origin}: ${unknownSection(section)}`);
    } else if (!isTable(table)) {
      problems.push(
        `${origin}: ${section} is a section: write [${section}] on a line of its own.`,
      );
    } else {
      for (const [key, raw] of Object.entries(table)) {
        const origin = at(section, key);
        const row = rowOf(`${section}.${key}`);
        if (row) given.set(row.name, { raw, origin, base: dirname(path) });
        else problems.push(`${origin}: ${unknownName(`${section}.${key}`)}`);
      }
    }
  }
  return given;
}

/** The file's text; none is fine unless it was asked for by name. */
function readFile(
  path: string,
  options: LoadOptions,
  problems: string[],
): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) {
      const denied = cause instanceof Deno.errors.PermissionDenied;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError([
        `Cannot read ${path}: ` +
        (denied
          ? "it belongs to another user. Try again as that user, or with sudo."
          : reason),
      ], { cause });
    }
    if (options.path !== undefined) {
      problems.push(
        `There is no file ${path}. Make one with: porchlight init --config ${path}`,
      );
    }
    return undefined;
  }
}

function parseFile(toml: string, path: string): Record<string, unknown> {
  try {
    return parse(toml);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split("\n")[0]
      .replace(/^Invalid TOML document: /, "");
    const text = toml.split("\n")[cause.line - 1]?.trim().slice(0, 60) ?? "";
    // The line may hold the password.
    const shown = text === "" || text.includes("password") ? "" : `: ${text}`;
    throw new ConfigError([
      `${path} line ${cause.line}${shown}\n  This is not valid TOML: ${reason}. ` +
      `A setting looks like this: level = "info"`,
    ], { cause });
  }
}

function fromEnvironment(
  env: Environment,
  problems: string[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [variable, text] of Object.entries(env)) {
    const section = /^PORCHLIGHT_([A-Z]+)_./.exec(variable)?.[1].toLowerCase();
    // Other variables that begin so belong to the programs around the relay.
    if (section === undefined || !Object.hasOwn(schema, section)) continue;
    const row = rows.find((row) => row.variable === variable);
    if (row === undefined) {
      const meant = nearest(
        variable.toLowerCase(),
        rows.map((row) => row.variable.toLowerCase()),
      )?.toUpperCase();
      problems.push(
        `The environment variable ${variable} is no setting.${hint(meant)}`,
      );
    } else if (text !== undefined) {
      const raw = row.setting.fromText(text);
      given.set(row.name, { raw, origin: variable, base: Deno.cwd() });
    }
  }
  return given;
}

function fromSet(
  set: readonly string[],
  problems: string[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const assignment of set) {
    const [, name, text] = /^([^=]*)=([^]*)$/.exec(assignment) ?? [];
    const row = rowOf((name ?? assignment).trim());
    if (name === undefined) {
      problems.push(
        `--set ${
          assignment.slice(0, 60)
        }: write --set section.key=value, such as --set log.level=debug`,
      );
    } else if (row === undefined) {
      problems.push(`--set: ${unknownName(name.trim())}`);
    } else {
      const raw = row.setting.fromText(text.trim());
      given.set(row.name, { raw, origin: "--set", base: Deno.cwd() });
    }
  }
  return given;
}

function readAll(
  given: ReadonlyMap<string, Given>,
  problems: string[],
): Config {
  const values: Record<string, Record<string, unknown>> = {};
  for (const { section, property, name, setting } of rows) {
    const from = given.get(name);
    const value = setting.read(from ? from.raw : setting.default);
    if (value === undefined) {
      const shown = setting.secret ? "" : ` = ${describeRaw(from?.raw)}`;
      problems.push(
        `${from?.origin}: ${name}${shown}\n  It must be ${setting.allowed}.`,
      );
    }
    (values[section] ??= {})[property] = value;
  }
  // `Config` is derived from the very table that was just walked.
  const config = values as unknown as Config;
  for (const section of ["smp", "proxy", "xftp"] as const) {
    const { minVersion, maxVersion } = config[section];
    if (minVersion > maxVersion) {
      const from = given.get(`${section}.min_version`) ??
        given.get(`${section}.max_version`);
      problems.push(
        `${from?.origin}: ${section}.min_version is ${minVersion}, which is above ${section}.max_version (${maxVersion}).`,
      );
    }
  }
  const { webCertificate, webKey } = config.tls;
  if ((webCertificate === "") !== (webKey === "")) {
    const [has, lacks] = webKey === ""
      ? ["web_certificate", "web_key"]
      : ["web_key", "web_certificate"];
    const from = given.get(`tls.${has}`);
    problems.push(`${from?.origin}: tls.${has} needs tls.${lacks} beside it.`);
  }
  const { directory, recipients, passphraseFile } = config.backup;
  if (
    directory !== "" && (recipients?.length > 0) === (passphraseFile !== "")
  ) {
    problems.push(
      `${
        given.get("backup.directory")?.origin
      }: backup.directory needs either backup.recipients or backup.passphrase_file beside it.`,
    );
  }
  for (const { key, needs } of missingInformation(config.information)) {
    const [name, needed] = [key, needs].map((property) =>
      rows.find((row) =>
        row.section === "information" && row.property === property
      )?.name ?? property
    );
    problems.push(
      `${given.get(name)?.origin}: ${name} needs ${needed} as well.`,
    );
  }
  return config;
}

function resolvePaths(
  config: Config,
  { given, env }: { given: ReadonlyMap<string, Given>; env: Environment },
): Config {
  const directory = config.data.directory === ""
    ? defaultDataDirectory(env)
    : absolutePath(config.data.directory, {
      base: given.get("data.directory")?.base ?? Deno.cwd(),
      env,
    });
  const inData = (path: string) =>
    path === "" ? "" : absolutePath(path, { base: directory, env });
  return {
    ...config,
    data: { directory },
    tls: {
      ...config.tls,
      certificate: inData(config.tls.certificate),
      key: inData(config.tls.key),
      ca: inData(config.tls.ca),
    },
    acme: { ...config.acme, serverCa: inData(config.acme.serverCa) },
    backup: {
      ...config.backup,
      directory: inData(config.backup.directory),
      passphraseFile: inData(config.backup.passphraseFile),
    },
    stats: {
      ...config.stats,
      dailyFile: inData(config.stats.dailyFile),
      backupFile: inData(config.stats.backupFile || "statistics.json"),
      prometheusFile: inData(config.stats.prometheusFile),
    },
    update: { ...config.update, root: inData(config.update.root) },
    control: { socket: inData(config.control.socket || "control.sock") },
  };
}

function rowOf(name: string): Row | undefined {
  return rows.find((row) => row.name === name);
}

function unknownSection(section: string): string {
  const sections = Object.keys(schema);
  const home = rows.find((row) => row.key === section);
  if (home) {
    return `${section} belongs below the line [${home.section}].`;
  }
  return `[${section}] is no section.${hint(nearest(section, sections))} ` +
    `The sections are: ${sections.join(", ")}.`;
}

function unknownName(name: string): string {
  const [section, key] = name.split(".");
  const meant = nearest(name, rows.map((row) => row.name)) ??
    rows.find((row) => row.key === key)?.name;
  const keys = rows.filter((row) => row.section === section)
    .map((row) => row.key);
  const allowed = keys.length > 0
    ? ` [${section}] has: ${keys.join(", ")}.`
    : ` The sections are: ${Object.keys(schema).join(", ")}.`;
  return `${name.slice(0, 80)} is no setting.${hint(meant)}${allowed}`;
}

function hint(meant: string | undefined): string {
  return meant === undefined ? "" : ` Did you mean ${meant}?`;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof Date);
}
