/**
 * Network namespaces: made, entered, and removed with everything in them.
 *
 * @module
 */

import { mustRun, runCommand } from "./command.ts";

/** Where `ip netns exec` looks for files that shall differ in a namespace. */
const FILES_OF_NAMESPACES = "/etc/netns";

/** Names of all namespaces that begin so, sorted. */
export async function listNamespaces(beginning: string): Promise<string[]> {
  const names = (await mustRun(["ip", "netns", "list"])).split("\n")
    .map((line) => line.split(" ")[0]);
  return names.filter((name) => name.startsWith(beginning)).sort();
}

/**
 * Makes a namespace with its loopback up.
 *
 * Addresses of IPv6 are good at once: a router whose link-local address is
 * still being checked for duplicates, for 1 to 2 s, asks for no neighbour on
 * behalf of others, and so forwards nothing.
 */
export async function addNamespace(name: string): Promise<void> {
  await mustRun(["ip", "netns", "add", name]);
  await setKernel(name, {
    "net.ipv6.conf.all.accept_dad": "0",
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.dad_transmits": "0",
  });
  await mustRun(["ip", "-n", name, "link", "set", "lo", "up"]);
}

/** Processes that live in a namespace. */
async function processesIn(name: string): Promise<number[]> {
  const { stdout } = await runCommand(["ip", "netns", "pids", name]);
  return stdout.split("\n").filter((line) => line !== "").map(Number);
}

/** Ends what runs in a namespace, and only that: first asked, then made to. */
export async function endProcesses(name: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (let attempt = 0; attempt < 20; attempt++) {
      const processes = await processesIn(name);
      if (processes.length === 0) return;
      if (attempt === 0) { for (const id of processes) kill(id, signal); }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** Sends a signal to a process that may have ended by itself. */
function kill(id: number, signal: Deno.Signal): void {
  try {
    Deno.kill(id, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes a namespace and everything in it; one that is not there is fine. */
export async function removeNamespace(name: string): Promise<void> {
  await endProcesses(name);
  await runCommand(["ip", "netns", "del", name]);
  await Deno.remove(`${FILES_OF_NAMESPACES}/${name}`, { recursive: true })
    .catch(ignoreNotFound);
}

/** Gives a namespace an `/etc/resolv.conf` of its own. */
export async function setResolver(name: string, address: string) {
  const directory = `${FILES_OF_NAMESPACES}/${name}`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(
    `${directory}/resolv.conf`,
    `nameserver ${address}\noptions timeout:1 attempts:2\n`,
  );
}

/** Many `ip` commands at once, in a namespace or (undefined) outside of all. */
export async function ipBatch(
  name: string | undefined,
  lines: readonly string[],
): Promise<void> {
  const where = name === undefined ? [] : ["-n", name];
  await mustRun(["ip", ...where, "-batch", "-"], {
    input: lines.join("\n") + "\n",
  });
}

/** The command that runs another one in a namespace. */
export function inNamespace(name: string, command: readonly string[]) {
  return ["ip", "netns", "exec", name, ...command];
}

/** Sets kernel parameters (`net.ipv4.ip_forward`) of a namespace. */
export async function setKernel(
  name: string,
  values: Record<string, string>,
): Promise<void> {
  const script = Object.entries(values).map(([key, value]) =>
    `echo ${value} > /proc/sys/${key.replaceAll(".", "/")}`
  ).join("\n");
  await mustRun(inNamespace(name, ["sh", "-ec", script]));
}

/** Ends a chain of promises where a file that is not there is fine. */
export function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
