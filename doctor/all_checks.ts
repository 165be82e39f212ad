/**
 * All checks of the doctor. Another one goes into this list: it stands in the
 * report under its group, in this order.
 *
 * @module
 */

import type { Check } from "./check.ts";
import { certificates } from "./checks/certificates.ts";
import { clock } from "./checks/clock.ts";
import { core } from "./checks/core.ts";
import { directory } from "./checks/directory.ts";
import { disk } from "./checks/disk.ts";
import { diskWear } from "./checks/disk_wear.ts";
import { libraries } from "./checks/libraries.ts";
import { memory } from "./checks/memory.ts";
import { names } from "./checks/names.ts";
import { onion } from "./checks/onion.ts";
import { path } from "./checks/path.ts";
import { ports } from "./checks/ports.ts";
import { relay } from "./checks/relay.ts";
import { secrets } from "./checks/secrets.ts";
import { selfTest } from "./checks/try_out.ts";
import { settings } from "./checks/settings.ts";
import { updates } from "./checks/update.ts";

export const allChecks: readonly Check[] = [
  clock,
  disk,
  diskWear,
  memory,
  libraries,
  updates,
  settings,
  certificates,
  secrets,
  relay,
  ports,
  path,
  core,
  directory,
  names,
  onion,
  selfTest,
];
