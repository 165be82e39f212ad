/**
 * The resolver of a lab's providers: `unbound`, which remembers answers for as
 * long as they say, as those of real providers do.
 *
 * @module
 */

import { join } from "node:path";
import { hasProgram } from "../packages.ts";
import type { Lab } from "./lab.ts";
import { labMissing, unpacked } from "./tools.ts";

/** The zone above the core's, with where that is delegated to. */
export interface Delegation {
  readonly domain: string;
  /** IPv4 address of its name server. */
  readonly address: string;
}

/**
 * Why no lab with a resolver can be built here, in words; undefined when it
 * can. Tests give it to `ignore`.
 */
export async function coreLabMissing(): Promise<string | undefined> {
  const missing = await labMissing();
  if (missing !== undefined) return missing;
  if (!await hasProgram("dig")) {
    return "the program dig is missing (Debian package bind9-dnsutils)";
  }
  try {
    await findUnbound();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A resolver that runs in the place `resolver`; disposing of it ends it. */
export class LabResolver implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;
  readonly #output: Promise<string>[];

  private constructor(child: Deno.ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    this.#output = [child.stdout, child.stderr]
      .map((each) => new Response(each).text());
  }

  /** Starts one that knows of one delegation, and nothing else. */
  static async start(
    lab: Lab,
    delegation: Delegation,
  ): Promise<LabResolver> {
    const { program, env } = await findUnbound();
    const directory = await Deno.makeTempDir({ prefix: "lab-dns-" });
    const settings = join(directory, "unbound.conf");
    const zone = join(directory, "zone");
    await Deno.writeTextFile(zone, zoneOf(delegation));
    await Deno.writeTextFile(
      settings,
      configuration(lab.address("resolver"), { directory, zone }),
    );
    const child = lab.spawn("resolver", program, {
      args: ["-d", "-c", settings],
      env,
    });
    const resolver = new LabResolver(child, directory);
    for (let attempt = 0; attempt < 100; attempt++) {
      const { stdout } = await lab.run("resolver", ["ss", "-lnuH"]);
      if (stdout.includes(":53 ")) return resolver;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    throw new Error(`unbound does not answer: ${await resolver.stop()}`);
  }

  /** Ends it; what it wrote. */
  async stop(): Promise<string> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    const output = (await Promise.all(this.#output)).join("\n");
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function findUnbound() {
  const { root, env } = await unpacked("resolver", ["unbound"], [
    "usr/sbin/unbound",
  ]);
  return { program: join(root, "usr/sbin/unbound"), env };
}

/** The top-level domain, which delegates the core's. */
function zoneOf({ domain, address }: Delegation): string {
  const top = topOf(domain);
  return `$ORIGIN ${top}.
$TTL 3600
@ SOA ns hostmaster 1 3600 600 604800 60
@ NS ns
ns A ${address}
${domain}. NS ns1.${domain}.
ns1.${domain}. A ${address}
`;
}

function topOf(domain: string): string {
  return domain.slice(domain.lastIndexOf(".") + 1);
}

function configuration(
  address: string,
  { directory, zone }: { directory: string; zone: string },
): string {
  return `server:
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  verbosity: 0
  interface: ${address}
  access-control: 0.0.0.0/0 allow
  do-ip6: no
  module-config: "iterator"
  num-threads: 1
  local-zone: "test." nodefault
remote-control:
  control-enable: no
auth-zone:
  name: "test."
  zonefile: "${zone}"
  for-downstream: no
  for-upstream: yes
`;
}
