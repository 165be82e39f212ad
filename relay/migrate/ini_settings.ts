/**
 * What the reference's settings are called here (simplexmq 6.5.5,
 * `serverConfig` in `Simplex.Messaging.Server.Main`).
 *
 * @module
 */

import { type Ini, type IniEntry, iniValue } from "./ini.ts";

/** A value for `porchlight.toml`. */
export type SettingValue =
  | string
  | number
  | boolean
  | readonly (string | number)[];

/** A setting that the file gives a value. */
export interface TakenSetting {
  /** `section.key` in `porchlight.toml`. */
  readonly name: string;
  readonly value: SettingValue;
  /** Where it comes from. */
  readonly entry: IniEntry;
}

/** A setting of the file that has no place here. */
export interface LeftSetting {
  readonly entry: IniEntry;
  /** Why, or what there is instead: a sentence without its end. */
  readonly text: string;
}

/** Our name for a setting and how its value reads; undefined: not understood. */
export interface Counterpart {
  readonly name: string;
  read(value: string): SettingValue | undefined;
}

/** A setting that is on or off. */
export const onOff = (name: string): Counterpart => ({
  name,
  read: (value) => value === "on" ? true : value === "off" ? false : undefined,
});

/** A whole number of `unit`s of time. */
export const duration = (name: string, unit: string): Counterpart => ({
  name,
  read: (value) => /^\d{1,9}$/.test(value) ? `${value}${unit}` : undefined,
});

/** A setting that is the same here. */
export const text = (name: string): Counterpart => ({
  name,
  read: (value) => value,
});

const integer = (name: string): Counterpart => ({
  name,
  read: (value) => /^-?\d{1,9}$/.test(value) ? Number(value) : undefined,
});

const words = (name: string, separator: RegExp): Counterpart => ({
  name,
  read: (value) => value.split(separator).map((word) => word.trim()),
});

const COUNTERPARTS: Readonly<Record<string, Counterpart>> = {
  "STORE_LOG.expire_messages_days": duration("smp.message_expiry", "d"),
  "STORE_LOG.expire_messages_on_start": onOff("smp.expire_on_start"),
  "STORE_LOG.expire_messages_on_send": onOff("smp.expire_on_send"),
  "STORE_LOG.expire_ntfs_hours": duration("smp.notification_expiry", "h"),
  "AUTH.new_queues": onOff("smp.new_queues"),
  "AUTH.create_password": text("smp.create_password"),
  "AUTH.daily_block_queue_quota": integer("limits.daily_blocks"),
  "TRANSPORT.host": words("address.hosts", /,/),
  "TRANSPORT.port": {
    name: "listen.ports",
    read: (value) => {
      const ports = value.split(",").map(Number);
      return ports.every(Number.isInteger) ? ports : undefined;
    },
  },
  "TRANSPORT.accept_service_credentials": onOff("tls.ask_client_certificate"),
  "PROXY.host_mode": text("proxy.host_mode"),
  "PROXY.required_host_mode": onOff("proxy.required_host_mode"),
  "PROXY.own_server_domains": words("proxy.own_server_domains", /[\s,]+/),
  "PROXY.socks_proxy": text("proxy.socks_proxy"),
  "PROXY.socks_mode": text("proxy.socks_mode"),
  "PROXY.client_concurrency": integer("proxy.client_concurrency"),
  "INACTIVE_CLIENTS.disconnect": onOff("clients.disconnect_inactive"),
  "INACTIVE_CLIENTS.ttl": duration("clients.inactive_after", "s"),
  "INACTIVE_CLIENTS.check_interval": duration("clients.inactive_check", "s"),
  "STORE_LOG.prometheus_interval": duration("stats.prometheus_interval", "s"),
};

/** Name of the file with statistics that `log_stats = on` asks for. */
export const STATS_BACKUP_FILE = "stats.json";

/** Settings of which one word means another file here. */
function filesOf(name: string, value: string): readonly [string, string][] {
  if (name === "STORE_LOG.log_stats" && value === "on") {
    return [
      ["stats.daily_file", "stats.daily.csv"],
      ["stats.backup_file", STATS_BACKUP_FILE],
    ];
  }
  return name === "STORE_LOG.prometheus_interval"
    ? [["stats.prometheus_file", "metrics.txt"]]
    : [];
}

/** Settings that need no word: what they ask for is always so, or was heeded. */
const SILENT: ReadonlySet<string> = new Set([
  "STORE_LOG.store_queues",
  "STORE_LOG.store_messages",
  "STORE_LOG.log_stats",
  "STORE_LOG.restore_messages",
]);

const ALWAYS_KEPT = "the relay always keeps its queues and messages on disk";
/** Why settings of the database are left. */
export const NO_DATABASE =
  "the relay keeps its queues in a database of its own";
/** Why settings of the control port are left. */
export const NO_CONTROL_PORT =
  "there is no control port; commands go through a socket for the relay's user";
/** Why settings of the web site are left. */
export const NO_WEB = "there is no counterpart";

/** What to say of settings that have no counterpart. */
const REASONS: Readonly<Record<string, string>> = {
  "STORE_LOG.enable": ALWAYS_KEPT,
  "STORE_LOG.db_connection": NO_DATABASE,
  "STORE_LOG.db_schema": NO_DATABASE,
  "STORE_LOG.db_pool_size": NO_DATABASE,
  "STORE_LOG.db_store_log": NO_DATABASE,
  "STORE_LOG.db_deleted_ttl": NO_DATABASE,
  "AUTH.control_port_admin_password": NO_CONTROL_PORT,
  "AUTH.control_port_user_password": NO_CONTROL_PORT,
  "TRANSPORT.control_port": NO_CONTROL_PORT,
  "TRANSPORT.log_tls_errors": "failed TLS handshakes are counted, not logged",
  "TRANSPORT.websockets": "WebSockets are not served",
  "WEB.static_path": NO_WEB,
  "WEB.http": NO_WEB,
  "WEB.https": NO_WEB,
  "WEB.cert": NO_WEB,
  "WEB.key": NO_WEB,
};

/** `off` asks for nothing that would be missed. */
const FINE_WHEN_OFF: ReadonlySet<string> = new Set([
  "TRANSPORT.log_tls_errors",
  "TRANSPORT.websockets",
]);

/** What the settings of one kind of server mean. */
export interface IniDialect {
  /** By `SECTION.key`. */
  readonly counterparts: Readonly<Record<string, Counterpart>>;
  /** Settings that need no word. */
  readonly silent: ReadonlySet<string>;
  /** What to say of settings that have no counterpart. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** The settings of `smp-server.ini`. */
export const SMP_DIALECT: IniDialect = {
  counterparts: COUNTERPARTS,
  silent: SILENT,
  reasons: REASONS,
};

/**
 * What becomes of the settings. `known`: names that `porchlight.toml` has;
 * others are left. What is in `[INFORMATION]` keeps its name.
 */
export function convertIni(
  ini: Ini,
  known: ReadonlySet<string>,
  { dialect = SMP_DIALECT }: { readonly dialect?: IniDialect } = {},
): { readonly taken: TakenSetting[]; readonly left: LeftSetting[] } {
  const taken: TakenSetting[] = [];
  const left: LeftSetting[] = [];
  const informs = iniValue(ini, "INFORMATION", "source_code") !== undefined;
  for (const entry of ini.entries) {
    const name = `${entry.section}.${entry.key}`;
    const files = filesOf(name, entry.value);
    for (const [name, value] of files) {
      if (known.has(name)) taken.push({ name, value, entry });
    }
    // A place to fill in that nobody filled in.
    if (dialect.silent.has(name) || entry.value === "<hostnames>") continue;
    if (entry.section === "INFORMATION" && !informs) {
      // This one is there from the beginning.
      if (entry.key !== "hosting_type") {
        left.push({ entry, text: "without source_code it says nothing" });
      }
      continue;
    }
    const counterpart = dialect.counterparts[name] ??
      (entry.section === "INFORMATION"
        ? text(`information.${entry.key}`)
        : undefined);
    if (counterpart === undefined || !known.has(counterpart.name)) {
      const kept = name === "STORE_LOG.enable";
      if (kept ? entry.value !== "on" : !isFine(name, entry.value)) {
        const why = dialect.reasons[name];
        left.push({ entry, text: why ?? "there is no counterpart" });
      }
      continue;
    }
    const value = counterpart.read(entry.value);
    if (value === undefined) {
      left.push({ entry, text: "its value is not understood" });
    } else taken.push({ name: counterpart.name, value, entry });
  }
  return { taken, left };
}

function isFine(name: string, value: string): boolean {
  return FINE_WHEN_OFF.has(name) && value === "off";
}
