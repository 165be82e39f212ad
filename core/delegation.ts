/**
 * Whether the world asks this core for the names below its domain.
 *
 * @module
 */

import { Resolver } from "node:dns/promises";

/** `here`; `elsewhere`: something else answers, or nothing; `unknown`: no network. */
export type Delegation = "here" | "elsewhere" | "unknown";

const TIMEOUT_MS = 3000;

/** Asks this machine's resolver for the domain's own addresses. */
export async function delegationOf(
  domain: string,
  addresses: readonly string[],
): Promise<Delegation> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  const timer = setTimeout(() => resolver.cancel(), TIMEOUT_MS);
  try {
    const found = await resolver.resolve4(domain);
    return found.some((each) => addresses.includes(each))
      ? "here"
      : "elsewhere";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    // The parent zone knows of no such name, or its servers do not answer.
    const known = ["ENOTFOUND", "ENODATA", "ESERVFAIL", "EREFUSED"];
    return known.includes(String(code)) ? "elsewhere" : "unknown";
  } finally {
    clearTimeout(timer);
  }
}

/** Records for the parent zone, as a zone file has them. */
export function parentRecords(
  { domain, nameServers, addresses }: {
    readonly domain: string;
    readonly nameServers: readonly string[];
    readonly addresses: readonly string[];
  },
): string[] {
  const names = nameServers.length > 0 ? nameServers : [`ns1.${domain}`];
  const rows = names.flatMap((name) => {
    const glue = name.endsWith(`.${domain}`) ? addresses : [];
    return [
      [`${domain}.`, "NS", `${name}.`],
      ...glue.map((address) => [
        `${name}.`,
        address.includes(":") ? "AAAA" : "A",
        address,
      ]),
    ];
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, type, data]) =>
    `${name.padEnd(width)}  ${type.padEnd(4)}  ${data}`
  );
}
