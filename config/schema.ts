/**
 * Every setting of Porchlight, once: the defaults, the checks, the commented
 * `porchlight.toml` and `docs/configuration.md` all come from this table.
 *
 * A key's name in the file is its name here in snake_case, without the unit:
 * `smp.endDelayMs` is `end_delay` in section `[smp]`.
 *
 * Defaults of protocol behaviour are those of the reference server
 * (simplexmq 6.5.5, `Server/Env/STM.hs` and `Server/Main.hs`).
 *
 * @module
 */

import { acmeSection } from "./acme_settings.ts";
import { backupSection } from "./backup_settings.ts";
import { coreSection } from "./core_settings.ts";
import { directorySection } from "./directory_settings.ts";
import { fileSection } from "./file_settings.ts";
import { informationSettings } from "./information_settings.ts";
import { onionSection } from "./onion_settings.ts";
import { pathSection } from "./path_settings.ts";
import { proxySection } from "./proxy_settings.ts";
import { directoriesSection, shareSection } from "./share_settings.ts";
import { smpSection } from "./smp_settings.ts";
import {
  choice,
  flag,
  hosts,
  integer,
  ipAddresses,
  milliseconds,
  path,
  ports,
  type Setting,
  size,
  text,
} from "./settings.ts";
import { updateSection } from "./update_settings.ts";
import { webSection } from "./web_settings.ts";

/** Sections in the order of the file, each with its settings. */
export const schema = {
  data: {
    doc: "Where the relay keeps everything.",
    settings: {
      directory: path({
        doc:
          "The directory with the relay's identity, queues and messages. It is all a backup needs.",
        default: "",
        defaultDoc:
          "`/var/lib/porchlight` for root, else `~/.local/share/porchlight`",
      }),
    },
  },
  listen: {
    doc: "Where the relay waits for SimpleX apps.",
    settings: {
      addresses: ipAddresses({
        doc:
          "The addresses of this machine to listen on. Where IPv6 is switched off, IPv4 alone is used.",
        default: ["[::]", "0.0.0.0"],
      }),
      ports: ports({
        doc: "The TCP ports to listen on. All serve the same.",
        default: [5223],
      }),
    },
  },
  address: {
    doc: "How the relay's address is printed. SimpleX apps keep it for life.",
    settings: {
      hosts: hosts({
        doc:
          "The host names or IP addresses under which the world reaches this relay.",
        default: [],
        defaultDoc: "the addresses of this machine",
      }),
      port: integer({
        doc:
          "The port under which the world reaches this relay, if the router maps another one.",
        default: 0,
        defaultDoc: "the first of `listen.ports`",
        min: 0,
        max: 65535,
      }),
    },
  },
  path: pathSection,
  onion: onionSection,
  tls: {
    doc:
      "Certificates and TLS. The files are made at the first start and need no care.",
    settings: {
      certificate: path({
        doc: "The online certificate.",
        default: "",
        defaultDoc: "`server.crt` in the data directory",
      }),
      key: path({
        doc: "The private key of the online certificate.",
        default: "",
        defaultDoc: "`server.key` in the data directory",
      }),
      ca: path({
        doc: "The CA certificate, whose fingerprint is part of the address.",
        default: "",
        defaultDoc: "`ca.crt` in the data directory",
      }),
      webCertificate: path({
        doc:
          "A certificate chain (PEM) that browsers trust, if you have one from elsewhere. It is read again when it changes. With one, files can be sent and fetched in a browser.",
        default: "",
        defaultDoc: "that of `[acme]`, if it is enabled",
      }),
      webKey: path({
        doc: "The private key (PEM) of `web_certificate`.",
        default: "",
      }),
      alpn: flag({
        doc:
          "Agree on the protocol in TLS. Without it, apps fall back to version 6 of the protocol.",
        default: true,
      }),
      askClientCertificate: flag({
        doc: "Ask clients for a certificate, which only services have.",
        default: true,
      }),
    },
  },
  acme: acmeSection,
  smp: smpSection,
  xftp: fileSection,
  clients: {
    doc: "Connections that have gone quiet.",
    settings: {
      disconnectInactive: flag({
        doc: "Close connections that are silent and wait for nothing.",
        default: true,
      }),
      inactiveAfterMs: milliseconds({
        doc: "How long a connection may be silent.",
        default: "6h",
        min: "100ms",
        max: "20d",
      }),
      inactiveCheckMs: milliseconds({
        doc: "How often to look for silent connections.",
        default: "1h",
        min: "100ms",
        max: "20d",
      }),
    },
  },
  limits: {
    doc: "Bounds that keep a small machine alive under load or attack.",
    settings: {
      connections: integer({
        doc:
          "Connections at the same time. Each needs about 45 KB of memory when it is idle.",
        default: 20_000,
        min: 1,
        max: 1_000_000,
      }),
      handshakes: integer({
        doc: "Connections that may be in the middle of their TLS handshake.",
        default: 1000,
        min: 1,
        max: 100_000,
      }),
      tlsHandshakeTimeoutMs: milliseconds({
        doc:
          "A connection that has not finished its TLS handshake by then is closed.",
        default: "60s",
        min: "100ms",
        max: "1h",
      }),
      outputPerConnectionBytes: size({
        doc:
          "How much may wait to be sent on one connection before the relay stops reading from it.",
        default: "1MB",
        min: "32KB",
        max: "1GB",
      }),
      pendingPerConnection: integer({
        doc:
          "Commands of one connection that may be in work before the relay stops reading from it.",
        default: 128,
        min: 1,
        max: 100_000,
      }),
      queues: integer({
        doc:
          "Queues to keep. When there are so many, no more can be created; those that are there go on.",
        default: 0,
        defaultDoc: "as many as the disk has room for",
        min: 0,
        max: 1_000_000_000,
      }),
      newQueuesPerMinute: integer({
        doc:
          "Queues that one connection may create in a minute. Apps create a handful, bots and directories many more.",
        default: 0,
        defaultDoc: "no limit",
        min: 0,
        max: 1_000_000,
      }),
      messages: integer({
        doc:
          "Messages to keep, of 16 KB each. When there are so many, senders are told to try again later, as when one queue is full.",
        default: 0,
        defaultDoc: "as many as the disk has room for",
        min: 0,
        max: 1_000_000_000,
      }),
      dailyBlocks: integer({
        doc:
          "Queues and files that may be blocked with `porchlight queue block` and `porchlight stored-file block` from one line of statistics to the next. It keeps a script that has gone wrong from blocking all of them.",
        default: 0,
        defaultDoc: "no limit",
        min: 0,
        max: 1_000_000,
      }),
    },
  },
  stats: {
    doc: "Statistics: sums over the whole relay, never about one user.",
    settings: {
      dailyFile: path({
        doc:
          "A CSV file that gets a line of statistics each day. Its first line names the columns.",
        default: "",
        defaultDoc: "no such file",
      }),
      intervalMs: milliseconds({
        doc:
          "How often a line is added to `daily_file`. The day's count of active queues begins anew with it, also without that file.",
        default: "1d",
        min: "100ms",
        max: "20d",
      }),
      startTimeMs: milliseconds({
        doc: "The time after midnight (UTC) at which the first line is added.",
        default: "0s",
        min: "0s",
        max: "24h",
      }),
      backupFile: path({
        doc: "The file that keeps the counters across a restart.",
        default: "",
        defaultDoc: "`statistics.json` in the data directory",
      }),
      prometheusFile: path({
        doc: "A file with metrics in Prometheus form, written anew each time.",
        default: "",
        defaultDoc: "no such file",
      }),
      prometheusIntervalMs: milliseconds({
        doc: "How often `prometheus_file` is written.",
        default: "1m",
        min: "100ms",
        max: "20d",
      }),
    },
  },
  metrics: {
    doc: "Metrics for Prometheus, over HTTP on this machine alone.",
    settings: {
      address: text({
        doc:
          "Where to serve `/metrics`, such as `127.0.0.1:9483`. All programs of this machine can read them.",
        default: "",
        defaultDoc: "nowhere",
        pattern: /^$|^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/,
        allowed:
          'an address of this machine with a port: "127.0.0.1:9483" or "[::1]:9483"',
      }),
    },
  },
  information: {
    doc: "What the relay tells its users about itself. None of it is needed.",
    settings: informationSettings,
  },
  proxy: proxySection,
  share: shareSection,
  directories: directoriesSection,
  backup: backupSection,
  core: coreSection,
  directory: directorySection,
  update: updateSection,
  web: webSection,
  control: {
    doc: "How `porchlight status` talks to the running relay.",
    settings: {
      socket: path({
        doc: "The Unix socket. Its path may have at most 107 bytes.",
        default: "",
        defaultDoc: "`control.sock` in the data directory",
      }),
    },
  },
  log: {
    doc:
      "What is logged. Addresses of clients and names of queues never are, at any level.",
    settings: {
      level: choice(["error", "warn", "info", "debug"], {
        doc: "How much is logged.",
        default: "info",
      }),
    },
  },
} as const;

type Schema = typeof schema;
type ValueOf<S> = S extends Setting<infer T>
  ? (T extends readonly (infer Item)[] ? readonly Item[] : T)
  : never;

/**
 * The checked configuration. Paths are absolute; an empty path means what its
 * setting says. Names that end in `Ms` are milliseconds, in `Seconds` seconds,
 * in `Bytes` bytes; null is "off".
 */
export type Config = {
  readonly [Section in keyof Schema]: {
    readonly [Key in keyof Schema[Section]["settings"]]: ValueOf<
      Schema[Section]["settings"][Key]
    >;
  };
};

/** One row of the table, with its names in the file and in the environment. */
export interface Row {
  /** Name in code. */
  readonly section: string;
  /** Name in code. */
  readonly property: string;
  /** Name in the file, within its section. */
  readonly key: string;
  /** `section.key` */
  readonly name: string;
  /** `PORCHLIGHT_SECTION_KEY` */
  readonly variable: string;
  readonly setting: Setting<unknown>;
}

/** The table as rows, in the order of the file. */
export const rows: readonly Row[] = Object.entries(schema).flatMap(
  ([section, { settings }]) =>
    Object.entries(settings).map(([property, setting]): Row => {
      const key = keyOf(property, setting);
      const variable = `PORCHLIGHT_${section}_${key}`.toUpperCase();
      const name = `${section}.${key}`;
      return { section, property, key, name, variable, setting };
    }),
);

function keyOf(property: string, { unit }: Setting<unknown>): string {
  if (unit !== undefined && !property.endsWith(unit)) {
    throw new TypeError(`Cannot name ${property}: it must end in ${unit}`);
  }
  return property
    .slice(0, property.length - (unit?.length ?? 0))
    .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
