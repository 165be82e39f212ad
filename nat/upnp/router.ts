/**
 * A router that was found, and how it is asked.
 *
 * @module
 */

import type { RouterLink } from "../mapping.ts";
import type { Service } from "./description.ts";
import { askService, type SoapResult } from "./soap.ts";

/** One service of one router. */
export interface RouterService {
  readonly service: Service;
  readonly link: RouterLink;
  /** The router's name for people. */
  readonly name: string | undefined;
}

/**
 * Asks the service of a router.
 *
 * @throws {SoapFault} it refuses
 * @throws {MappingError} `no answer` or `bad answer`
 */
export function ask(
  router: RouterService,
  action: string,
  options: {
    readonly input?: Readonly<Record<string, string | number>>;
    readonly signal: AbortSignal;
  },
): Promise<SoapResult> {
  return askService(
    { service: router.service, action, input: options.input },
    { link: router.link, signal: options.signal },
  );
}
