/**
 * The identity that the configuration names.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import {
  type Identity,
  identityPaths,
  loadIdentity,
  loadOrCreateIdentity,
} from "./identity/mod.ts";

/**
 * Loads the identity from the data directory, or from where the `tls` settings
 * say its files are. With `create`, one is made where the data directory has
 * none; files named in the settings are never made.
 *
 * @throws {IdentityError} where there is none, or it is not whole
 */
export function configuredIdentity(
  { data, tls }: Config,
  { create = false }: { create?: boolean } = {},
): Promise<Identity> {
  const { directory } = data;
  if (tls.certificate !== "" || tls.key !== "" || tls.ca !== "") {
    const usual = identityPaths(directory);
    return loadIdentity({
      certificate: tls.certificate || usual.certificate,
      key: tls.key || usual.key,
      ca: tls.ca || usual.ca,
    });
  }
  return create ? loadOrCreateIdentity(directory) : loadIdentity(directory);
}
