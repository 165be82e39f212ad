/**
 * One router: packet filter and NAT by `nft`, mapping by `miniupnpd`.
 *
 * @module
 */

import { join } from "node:path";
import { mustRun } from "./command.ts";
import { inNamespace, setKernel } from "./namespaces.ts";
import { labTools } from "./tools.ts";

/** What a router maps by. */
export interface RouterServices {
  readonly upnp?: "igd1" | "igd2";
  readonly natPmp?: boolean;
  readonly pcp?: boolean;
  /** Maps although its own address is private. */
  readonly allowPrivate?: boolean;
  /** Address that it says it has outside, instead of its own. */
  readonly reportedAddress?: string;
  /** Seconds. */
  readonly lease?: { readonly min: number; readonly max: number };
}

/** Where a router's files are. */
export interface RouterPlace {
  readonly namespace: string;
  /** Directory for its settings, leases and log. */
  readonly directory: string;
}

/**
 * Makes a namespace with interfaces `lan` and `wan` forward and translate. From
 * outside nothing enters but answers and what a mapping lets in.
 */
export async function setUpRouter(
  { namespace }: RouterPlace,
  options: { randomPorts?: boolean; services?: RouterServices },
): Promise<void> {
  await setKernel(namespace, {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
  });
  const { services } = options;
  // PCP and NAT-PMP share a port; the first byte is the version.
  const silent = [
    ...services?.pcp === true ? [] : [2],
    ...services?.natPmp === true ? [] : [0],
  ].map((version) => `udp dport 5351 @th,64,8 ${version} drop`).join("\n");
  await nft(
    namespace,
    `
table inet filter {
  chain miniupnpd { }
  chain owner { }
  chain forward { type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan" accept
    jump owner
    jump miniupnpd
    meta l4proto tcp reject with tcp reset
  }
  chain input { type filter hook input priority 0; policy accept;
    iifname "wan" ct state new meta l4proto tcp reject with tcp reset
    iifname "wan" ct state new udp dport { 1900, 5351 } drop
    ${silent}
  }
  chain prerouting_owner { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; policy accept;
    jump prerouting_owner
    jump prerouting_miniupnpd
  }
  chain postrouting { type nat hook postrouting priority 100; policy accept;
    jump postrouting_miniupnpd
    oifname "wan" meta nfproto ipv4 masquerade ${
      options.randomPorts ? "random,fully-random" : ""
    }
  }
}
`,
  );
}

/** Forwards a port by hand, as an owner does on the router's page. */
export async function forwardPort(
  { namespace }: RouterPlace,
  forward: { external: number; internal: number; address: string },
): Promise<void> {
  const { external, internal, address } = forward;
  await nft(
    namespace,
    `add rule inet filter prerouting_owner iifname "wan" meta nfproto ipv4 ` +
      `tcp dport ${external} dnat ip to ${address}:${internal}\n` +
      `add rule inet filter owner iifname "wan" ip daddr ${address} ` +
      `tcp dport ${internal} accept\n`,
  );
}

/** Takes all that was mapped out of the packet filter. */
export async function forgetMappings(
  { namespace }: { namespace: string },
): Promise<void> {
  await nft(
    namespace,
    ["miniupnpd", "prerouting_miniupnpd", "postrouting_miniupnpd"]
      .map((chain) => `flush chain inet filter ${chain}\n`).join(""),
  );
}

/** Starts `miniupnpd` in a router and waits until it answers. */
export async function startMapping(
  { namespace, directory }: RouterPlace,
  services: RouterServices,
): Promise<void> {
  if (!services.upnp && !services.natPmp && !services.pcp) return;
  const { miniupnpd, naive, env } = await labTools();
  const program = services.allowPrivate ? naive : miniupnpd;
  const settings = join(directory, "miniupnpd.conf");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(join(directory, "leases"), "");
  await Deno.writeTextFile(settings, await configuration(directory, services));
  // `exec` and `setsid`: the daemon itself, which outlives this process when
  // the lab was built by hand.
  const script = 'setsid "$0" -d -f "$1" -P "$2/pid" > "$2/log" 2>&1 ' +
    "< /dev/null & echo $!";
  const id = await mustRun(
    inNamespace(namespace, ["sh", "-c", script, program, settings, directory]),
    { env },
  );
  const wanted = { tcp: services.upnp ? [5000] : [], udp: [] as number[] };
  if (services.upnp) wanted.udp.push(1900);
  if (services.natPmp || services.pcp) wanted.udp.push(5351);
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await listens(Number(id), wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const log = await Deno.readTextFile(join(directory, "log"));
  throw new Error(`miniupnpd does not answer in ${namespace}: ${log}`);
}

async function configuration(
  directory: string,
  services: RouterServices,
): Promise<string> {
  const { hasAllowPrivate } = await labTools();
  const yes = (value: unknown) => value ? "yes" : "no";
  const { min, max } = services.lease ?? { min: 120, max: 86400 };
  const lines = [
    "ext_ifname=wan",
    "listening_ip=lan",
    "http_port=5000",
    `enable_upnp=${yes(services.upnp)}`,
    `enable_natpmp=${yes(services.natPmp || services.pcp)}`,
    `force_igd_desc_v1=${yes(services.upnp === "igd1")}`,
    "secure_mode=yes",
    // Else the time since start that it tells is that of the machine.
    "system_uptime=no",
    "notify_interval=30",
    `min_lifetime=${min}`,
    `max_lifetime=${max}`,
    `uuid=${crypto.randomUUID()}`,
    "friendly_name=Lab router",
    "upnp_table_name=filter",
    "upnp_nat_table_name=filter",
    `lease_file=${join(directory, "leases")}`,
  ];
  if (hasAllowPrivate) {
    lines.push("ext_ifname6=wan");
    lines.push(`ext_allow_private_ipv4=${yes(services.allowPrivate)}`);
  }
  if (services.reportedAddress) {
    lines.push(`ext_ip=${services.reportedAddress}`);
  }
  for (const port of ["80", "443", "1024-65535"]) {
    lines.push(`allow ${port} 192.168.0.0/16 1024-65535`);
  }
  lines.push("allow 443 192.168.0.0/16 443", "deny 0-65535 0.0.0.0/0 0-65535");
  return lines.join("\n") + "\n";
}

/** Whether sockets are bound in the namespace of a process. */
async function listens(
  id: number,
  wanted: { tcp: readonly number[]; udp: readonly number[] },
): Promise<boolean> {
  for (const protocol of ["tcp", "udp"] as const) {
    let bound = "";
    for (const family of ["", "6"]) {
      try {
        bound += await Deno.readTextFile(
          `/proc/${id}/net/${protocol}${family}`,
        );
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    for (const port of wanted[protocol]) {
      const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
      if (!bound.includes(`:${hexadecimal} 0`)) return false;
    }
  }
  return true;
}

async function nft(namespace: string, rules: string): Promise<void> {
  await mustRun(inNamespace(namespace, ["nft", "-f", "-"]), { input: rules });
}
