/**
 * The programs that the lab needs: those of the system, and `miniupnpd` and
 * `upnpc`, which are unpacked from their Debian packages and not installed,
 * since installing a router's daemon would start it.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../packages.ts";
import { mustRun, runCommand } from "./command.ts";
import { ignoreNotFound } from "./namespaces.ts";
import { writeNaiveRouter } from "./naive_router.ts";

/** Packages that are unpacked, beside the libraries they depend on. */
const PACKAGES = ["miniupnpd-nftables", "miniupnpc"];

/** Programs of the system that have to be there, by what brings them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  "apt-get": "apt",
  dpkg: "dpkg",
};

/** What the lab keeps between runs; git does not see it. */
export const labCache: string = fileURLToPath(
  new URL("../../.cache/lab", import.meta.url),
);

/** Programs unpacked, and what they need to run. */
export interface LabTools {
  readonly miniupnpd: string;
  /** The one that maps although its own address is private. */
  readonly naive: string;
  readonly upnpc: string;
  /** `LD_LIBRARY_PATH` of both. */
  readonly env: Record<string, string>;
  /** `miniupnpd` has a setting that makes it do so. */
  readonly hasAllowPrivate: boolean;
}

let missing: Promise<string | undefined> | undefined;

/**
 * Why no lab can be built here, in words; undefined when it can. Asked once:
 * the answer is kept. Tests give it to `ignore`.
 */
export function labMissing(): Promise<string | undefined> {
  missing ??= findMissing();
  return missing;
}

async function findMissing(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces exist on Linux";
  if (Deno.uid() !== 0) return "making network namespaces needs root";
  for (const [program, name] of Object.entries(PROGRAMS)) {
    if (!await hasProgram(program)) {
      return `the program ${program} is missing (Debian package ${name})`;
    }
  }
  const probe = `pl-probe-${crypto.randomUUID().slice(0, 8)}`;
  const made = await runCommand(["ip", "netns", "add", probe]);
  if (made.code !== 0) {
    return `no network namespaces here: ${made.stderr.trim()}`;
  }
  try {
    const kinds = await runCommand(["ip", "-n", probe, "-batch", "-"], {
      input:
        "link add br0 type bridge\nlink add veth0 type veth peer name veth1\n",
    });
    if (kinds.code !== 0) {
      return `this kernel makes no bridges or veth pairs: ${kinds.stderr.trim()}`;
    }
    const rules = "add table inet t\nadd chain inet t c " +
      "{ type nat hook postrouting priority 100; }\nadd rule inet t c masquerade\n";
    const nat = await runCommand(
      ["ip", "netns", "exec", probe, "nft", "-f", "-"],
      { input: rules },
    );
    if (nat.code !== 0) return `no NAT in this kernel: ${nat.stderr.trim()}`;
  } finally {
    await runCommand(["ip", "netns", "del", probe]);
  }
  try {
    await labTools();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

let tools: Promise<LabTools> | undefined;

/**
 * `miniupnpd` and `upnpc`, unpacked where they are not yet.
 *
 * @throws {Error} when they cannot be had
 */
export function labTools(): Promise<LabTools> {
  tools ??= findTools();
  return tools;
}

async function findTools(): Promise<LabTools> {
  const { root, env } = await unpacked("tools", PACKAGES, [
    "usr/sbin/miniupnpd",
    "usr/bin/upnpc",
  ]);
  const miniupnpd = join(root, "usr/sbin/miniupnpd");
  const upnpc = join(root, "usr/bin/upnpc");
  const program = await Deno.readFile(miniupnpd);
  const hasAllowPrivate = new TextDecoder("latin1").decode(program)
    .includes("ext_allow_private_ipv4");
  const naive = hasAllowPrivate ? miniupnpd : `${miniupnpd}-naive`;
  if (!await exists(naive)) await writeNaiveRouter(program, naive);
  return { miniupnpd, naive, upnpc, env, hasAllowPrivate };
}

/** Where packages were unpacked, and what their programs need to run. */
export interface Unpacked {
  readonly root: string;
  readonly env: Record<string, string>;
}

/**
 * Unpacks Debian packages, with the libraries they depend on, where those of
 * their `programs` are not there from a run before.
 *
 * @throws {Error} when they cannot be had
 */
export async function unpacked(
  name: string,
  packages: readonly string[],
  programs: readonly string[],
): Promise<Unpacked> {
  const root = join(labCache, `${name}-${Deno.build.arch}`);
  for (const program of programs) {
    if (!await exists(join(root, program))) {
      await unpack(root, packages);
      break;
    }
  }
  const triplet = `${Deno.build.arch}-linux-gnu`;
  const env = {
    LD_LIBRARY_PATH: `${root}/usr/lib/${triplet}:${root}/lib/${triplet}`,
  };
  return { root, env };
}

/** Downloads the packages and unpacks them, complete or not at all. */
async function unpack(
  root: string,
  packages: readonly string[],
): Promise<void> {
  await Deno.mkdir(labCache, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: labCache, prefix: "get-" });
  try {
    // The user that apt downloads with has to be able to write here.
    await Deno.chmod(directory, 0o777);
    await download(directory, packages);
    const made = join(directory, "root");
    for await (const { name } of Deno.readDir(directory)) {
      if (!name.endsWith(".deb")) continue;
      await mustRun(["dpkg", "-x", join(directory, name), made]);
    }
    try {
      await Deno.rename(made, root);
    } catch (error) {
      // Another run was faster: its files are as good.
      if (!await exists(root)) throw error;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function download(
  directory: string,
  packages: readonly string[],
): Promise<void> {
  const options = { cwd: directory, env: { LC_ALL: "C" } };
  const attempt = async () => {
    const depends = await mustRun(
      ["apt-cache", "depends", ...packages],
      options,
    );
    const libraries = [...depends.matchAll(/^ +Depends: (lib[a-z0-9.+-]+)$/gm)]
      .map((match) => match[1]).filter((name) => name !== "libc6");
    await mustRun(
      ["apt-get", "download", ...packages, ...new Set(libraries)],
      options,
    );
  };
  try {
    await attempt();
  } catch {
    // Lists of packages that are missing or old are the usual reason.
    await runCommand(["apt-get", "update", "-qq"], options);
    await attempt().catch((cause) => {
      throw new Error(
        `cannot download the Debian packages ${packages.join(", ")}`,
        { cause },
      );
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}
