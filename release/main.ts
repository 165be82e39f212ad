/**
 * `deno task release`: makes, signs and looks after the repository that relays
 * update themselves from. `docs/updates.md` says how it is used.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "../relay/files.ts";
import { ReleaseError } from "./error.ts";
import { KEY_ROLES } from "./keys.ts";
import { readNewest, readRoot, readTargets } from "./metadata.ts";
import { askPassphrases } from "./passphrases.ts";
import {
  addRelease,
  createRepository,
  isChannel,
  type Place,
  renew,
  renewRoot,
  rotateKeys,
  setShare,
} from "./repository.ts";

const HELP = `deno task release <command> [flags]

  create    make all keys and an empty repository
            [--root-count 3] [--root-threshold 2]
  add       put a version into a channel
            --version 1.2.3 --channel stable|beta [--percent 100]
            [--min-version 1.0.0] [--notes TEXT] FILE...
  share     how many of a hundred relays take it; 0 takes it back
            --version 1.2.3 --channel stable|beta --percent 50
  renew     sign timestamp and snapshot again (daily, by cron)
  renew-root  sign the root for another four years
  rotate    replace the keys of --role ${KEY_ROLES.join("|")}
  trust     write the root and the address into this source tree
            --url https://updates.example.org/porchlight
  show      say what is in the repository

  --repository DIR   the folder that the web server serves
  --keys DIR         keys of targets, snapshot, timestamp and install
  --root-keys DIR    keys of root (on a stick that is kept elsewhere)

Passphrases are asked for, or taken from PORCHLIGHT_ROOT_PASSPHRASE and
PORCHLIGHT_RELEASE_PASSPHRASE.`;

const options = {
  repository: { type: "string", default: "dist/repository" },
  keys: { type: "string", default: "release-keys" },
  "root-keys": { type: "string" },
  "root-count": { type: "string", default: "3" },
  "root-threshold": { type: "string", default: "2" },
  version: { type: "string" },
  channel: { type: "string", default: "beta" },
  percent: { type: "string", default: "100" },
  "min-version": { type: "string" },
  notes: { type: "string" },
  role: { type: "string" },
  url: { type: "string" },
} as const;

async function run(args: string[]): Promise<void> {
  const { values, positionals: [command, ...files] } = parseArgs({
    args,
    options,
    allowPositionals: true,
  });
  const place: Place = {
    repository: values.repository,
    keys: values.keys,
    rootKeys: values["root-keys"] ?? join(values.keys, "root"),
    passphrases: askPassphrases(),
  };
  switch (command) {
    case "create":
      await createRepository(place, {
        rootKeys: Number(values["root-count"]),
        rootThreshold: Number(values["root-threshold"]),
      });
      console.log(
        `Made ${place.repository}.\nTake ${place.rootKeys} off this machine, ` +
          "with a copy, and put install.pub.pem into install.sh.",
      );
      return;
    case "add":
      return await addRelease(place, {
        ...versionIn(values),
        files,
        minVersion: values["min-version"],
        notes: values.notes,
      });
    case "share":
      return await setShare(place, versionIn(values));
    case "renew":
      return await renew(place);
    case "renew-root":
      return await renewRoot(place);
    case "rotate": {
      const role = KEY_ROLES.find((each) => each === values.role);
      if (role === undefined) {
        throw new ReleaseError(`--role is one of ${KEY_ROLES.join(", ")}.`);
      }
      return await rotateKeys(place, role);
    }
    case "trust":
      return await trust(place, values.url);
    case "show":
      return await show(place);
    default:
      console.log(HELP);
  }
}

function versionIn(
  { version, channel, percent }: {
    version?: string;
    channel: string;
    percent: string;
  },
) {
  if (version === undefined) throw new ReleaseError("Which --version?");
  if (!isChannel(channel)) {
    throw new ReleaseError("--channel is stable or beta.");
  }
  return { version, channel, percent: Number(percent) };
}

/** What `update/trust/mod.ts` builds into the program. */
async function trust(
  { repository }: Place,
  url: string | undefined,
): Promise<void> {
  if (url === undefined || !/^(?:https?:\/\/\S+)?$/.test(url)) {
    throw new ReleaseError("--url is the address of the repository.");
  }
  const { text } = await readRoot(repository);
  const directory = new URL("../update/trust/", import.meta.url);
  const source = `${JSON.stringify({ url }, undefined, 2)}\n`;
  const root = `${JSON.stringify(JSON.parse(text), undefined, 2)}\n`;
  for (const [name, content] of [["root", root], ["source", source]]) {
    await writeFileAtomic(new URL(`${name}.json`, directory).pathname, content);
  }
}

async function show({ repository }: Place): Promise<void> {
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    const text = await readNewest(repository, role);
    if (text === undefined) continue;
    const { version, expires } = JSON.parse(text).signed;
    console.log(`${role.padEnd(10)} ${version}, valid until ${expires}`);
  }
  for (const [path, it] of Object.entries(await readTargets(repository))) {
    const channels = Object.entries(it.custom?.channels ?? {})
      .map(([channel, percent]) => `${channel} ${percent} %`).join(", ");
    console.log(`${path}  ${it.length} bytes  ${channels}`.trimEnd());
  }
}

try {
  await run(Deno.args);
} catch (error) {
  const known = error instanceof ReleaseError ||
    (error instanceof TypeError && "code" in error);
  if (!known) throw error;
  console.error(`release: ${error.message}`);
  Deno.exit(1);
}
