/**
 * The relay's settings as a reference server's `smp-server.ini` (simplexmq
 * 6.5.5, `Simplex.Messaging.Server.Main`).
 *
 * @module
 */

import type { Config } from "../../config/mod.ts";

/** The text of the file: what the server needs to start, and what it shares. */
export function formatIni(config: Config): string {
  const { smp, clients, listen, address, proxy } = config;
  const hosts = address.hosts.length > 0
    ? address.hosts.join(",")
    : "<hostnames>";
  const sections: Record<string, Record<string, string | undefined>> = {
    INFORMATION: Object.fromEntries(
      Object.entries(config.information)
        .map(([name, value]) => [iniName(name), value || undefined]),
    ),
    STORE_LOG: {
      enable: "on",
      store_queues: "memory",
      store_messages: "memory",
      restore_messages: "on",
      expire_messages_days: days(smp.messageExpirySeconds),
      expire_messages_on_start: onOff(smp.expireOnStart),
      expire_messages_on_send: onOff(smp.expireOnSend),
      expire_ntfs_hours: String(
        Math.max(1, Math.round(smp.notificationExpirySeconds / 3600)),
      ),
      log_stats: onOff(config.stats.dailyFile !== ""),
    },
    AUTH: {
      new_queues: onOff(smp.newQueues),
      create_password: smp.createPassword || undefined,
      daily_block_queue_quota: String(config.limits.dailyBlocks),
    },
    TRANSPORT: {
      host: hosts,
      port: listen.ports.join(","),
      log_tls_errors: "off",
      websockets: "off",
    },
    PROXY: {
      host_mode: proxy.hostMode,
      required_host_mode: onOff(proxy.requiredHostMode),
      socks_proxy: proxy.socksProxy || undefined,
      socks_mode: proxy.socksMode,
      own_server_domains: proxy.ownServerDomains.join(" ") || undefined,
      client_concurrency: String(proxy.clientConcurrency),
    },
    INACTIVE_CLIENTS: {
      disconnect: onOff(clients.disconnectInactive),
      ttl: seconds(clients.inactiveAfterMs),
      check_interval: seconds(clients.inactiveCheckMs),
    },
  };
  return Object.entries(sections)
    .map(([section, entries]) =>
      `[${section}]\n` +
      Object.entries(entries)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key} = ${value}\n`).join("")
    ).join("\n");
}

/** Both call this information the same. */
function iniName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.round(ms / 1000)));
}

/** The server always has a limit: "off" becomes ten years. */
function days(seconds: number | null): string {
  return String(
    seconds === null ? 3650 : Math.max(1, Math.round(seconds / 86_400)),
  );
}
