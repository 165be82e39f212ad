/**
 * From flags to the configuration, and the first files of a relay.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  type Config,
  configFile,
  configTemplate,
  type Environment,
  loadConfig,
  type LoadOptions,
} from "../config/mod.ts";
import { finishRestore } from "../backup/mod.ts";
import { configuredIdentity } from "../relay/configured_identity.ts";
import { writeFileAtomic } from "../relay/files.ts";
import type { configFlags, FlagValues } from "./flags.ts";

type ConfigFlagValues = FlagValues<typeof configFlags>;

/**
 * The configuration that the flags ask for.
 *
 * @throws {ConfigError}
 */
export function configOf(values: ConfigFlagValues, env: Environment): Config {
  return loadConfig(loadOptions(values, env));
}

/** The first files of a relay cannot be made; the message says what to do. */
export class SetupError extends Error {
  override readonly name = "SetupError";

  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Deno.errors.PermissionDenied
      ? "this user may not write there. Try again with sudo, or choose"
      : cause instanceof Deno.errors.NotADirectory ||
          cause instanceof Deno.errors.AlreadyExists
      ? "there is a file where a directory should be. Choose"
      : `${
        cause instanceof Error ? cause.message : cause
      }. Mend that, or choose`;
    super(
      `Cannot make ${path}: ${reason} another place for the relay's data with ` +
        "--data DIRECTORY",
      { cause },
    );
  }
}

/** What {@link initialise} did. */
export interface Initialised {
  readonly config: Config;
  /** Where the settings are. */
  readonly file: string;
  readonly madeFile: boolean;
  readonly fingerprint: string;
  readonly madeIdentity: boolean;
}

/**
 * Makes what a relay needs and has not got: the data directory, the
 * configuration file, the identity. Changes nothing that is there.
 *
 * @throws {ConfigError}
 * @throws {IdentityError}
 * @throws {SetupError}
 */
export async function initialise(
  values: ConfigFlagValues,
  env: Environment,
): Promise<Initialised> {
  const options = loadOptions(values, env);
  const file = configFile(options);
  // The settings themselves may be on their way back from a backup.
  await finishRestore(dirname(file));
  const missing = !await exists(file).catch((cause) => {
    throw new SetupError(file, cause);
  });
  // A file that was asked for by name is made here, so it need not be there.
  const config = loadConfig(
    missing ? { ...options, path: undefined } : options,
  );
  await makeDirectory(config.data.directory);
  await finishRestore(config.data.directory);
  const before = await exists(`${config.data.directory}/ca.crt`);
  const identity = await configuredIdentity(config, { create: true });
  const madeFile = missing && await writeTemplate(file);
  return {
    config,
    file,
    madeFile,
    fingerprint: identity.fingerprintText,
    madeIdentity: !before && await exists(`${config.data.directory}/ca.crt`),
  };
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new SetupError(path, cause);
  }
}

/** Writes the commented file; false if somebody else was faster. */
async function writeTemplate(file: string): Promise<boolean> {
  await makeDirectory(dirname(file));
  try {
    // 0600: it may come to hold the password.
    await writeFileAtomic(file, configTemplate(), {
      mode: 0o600,
      createNew: true,
    });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** What `loadConfig` is asked for by the flags. */
export function loadOptions(
  { data, config, set }: ConfigFlagValues,
  env: Environment,
): LoadOptions {
  return {
    path: config,
    // `--set data.directory=…` is the same setting: the later word wins.
    set: [...(data === undefined ? [] : [`data.directory=${data}`]), ...set],
    env,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
