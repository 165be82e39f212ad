/**
 * The pages of a relay from its settings, with which alone they change.
 *
 * @module
 */

import type { Config } from "../../config/mod.ts";
import { serverInformation } from "../information.ts";
import { VERSION } from "../version.ts";
import { Pages } from "./pages.ts";

/** Makes the pages. */
export function relayPages(config: Config): Pages {
  const { xftp } = config;
  return new Pages({
    server: serverInformation(config),
    version: VERSION,
    files: xftp.enabled
      ? {
        fileExpiration: xftp.fileExpirySeconds ?? undefined,
        newFilesAllowed: xftp.newFiles,
        passwordNeeded: xftp.createPassword !== "",
      }
      : undefined,
  });
}
