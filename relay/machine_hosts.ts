/**
 * What this machine is called in its own network.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";

/** An address of this machine. */
export type MachineAddress = Pick<
  Deno.NetworkInterfaceInfo,
  "name" | "family" | "address"
>;

/**
 * The addresses of this machine in its network, best first: IPv4, then global
 * IPv6, one of each for each interface. Where there is none, `localhost`.
 */
export function machineHosts(
  all: readonly MachineAddress[] = Deno.networkInterfaces(),
): string[] {
  const useful = all.filter((one) => !isContainerBridge(one.name));
  const hosts = [
    ...firstOfEach(useful.filter(isReachableIPv4)),
    ...firstOfEach(useful.filter(isGlobalIPv6)),
  ];
  return hosts.length > 0 ? hosts : ["localhost"];
}

function firstOfEach(addresses: readonly MachineAddress[]): string[] {
  const byInterface = new Map<string, string>();
  for (const { name, address } of addresses) {
    if (!byInterface.has(name)) byInterface.set(name, address);
  }
  return [...byInterface.values()];
}

/** Interfaces that lead to containers on this machine, not into the network. */
function isContainerBridge(name: string): boolean {
  return /^(docker|br-|veth|virbr|lxc|lxd|podman|cni|flannel)/.test(name);
}

function isReachableIPv4({ address }: MachineAddress): boolean {
  return isIPv4(address) && !/^(127|0)\.|^169\.254\./.test(address);
}

/** In 2000::/3, what is handed out for use in the Internet (RFC 4291). */
function isGlobalIPv6({ address }: MachineAddress): boolean {
  return isIPv6(address) && /^[23][\da-f]{3}:/i.test(address);
}
