/**
 * The lease of a core, kept beside the identity: the relay has its name and
 * port from the first moment of each start, whether or not the core is there.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { type CoreAddress, parseCoreAddress } from "../tunnel/core_address.ts";
import type { Lease } from "../tunnel/protocol/mod.ts";
import { writeFileAtomic } from "./files.ts";
import { fingerprintText } from "./identity/mod.ts";

/** Name of the file in the data directory. */
const FILE = "lease.json";

/** A lease, and of which core it is. */
interface SavedLease extends Lease {
  /** Fingerprint of the core, as addresses show it. */
  readonly core: string;
}

/** The lease that this core has given; `undefined` when there is none. */
export async function readLease(
  directory: string,
  core: Pick<CoreAddress, "fingerprint">,
): Promise<Lease | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(directory, FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const saved = parse(text);
  return saved?.core === fingerprintText(core.fingerprint)
    ? { name: saved.name, port: saved.port }
    : undefined;
}

/**
 * The lease of the core that the settings name; `undefined` when there is none.
 *
 * @throws {AddressError} when the core's address is none
 */
export async function configuredLease(
  { path, data }: Config,
): Promise<Lease | undefined> {
  return path.core === ""
    ? undefined
    : await readLease(data.directory, parseCoreAddress(path.core));
}

/** Keeps a lease for the next start. */
export async function saveLease(
  directory: string,
  core: Pick<CoreAddress, "fingerprint">,
  { name, port }: Lease,
): Promise<void> {
  const saved: SavedLease = {
    core: fingerprintText(core.fingerprint),
    name,
    port,
  };
  await writeFileAtomic(
    join(directory, FILE),
    JSON.stringify(saved, undefined, 2) + "\n",
    { mode: 0o600 },
  );
}

/** What a hand has broken is as good as none: the core tells it again. */
function parse(text: string): SavedLease | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { core, name, port }: Partial<Record<string, unknown>> = { ...value };
  const isGood = typeof core === "string" && typeof name === "string" &&
    typeof port === "number" && Number.isInteger(port) && port > 0 &&
    port < 65536;
  return isGood ? { core, name, port } : undefined;
}
