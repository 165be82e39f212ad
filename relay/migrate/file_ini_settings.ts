/**
 * What the settings of the reference's XFTP server are called here (simplexmq
 * 6.5.5, `serverConfig` in `Simplex.FileTransfer.Server.Main`).
 *
 * @module
 */

import {
  duration,
  type IniDialect,
  NO_CONTROL_PORT,
  NO_DATABASE,
  NO_WEB,
  onOff,
  SMP_DIALECT,
  text,
} from "./ini_settings.ts";

/** Settings that both servers have, with the same meaning. */
const SHARED = [
  "TRANSPORT.host",
  "TRANSPORT.port",
  "INACTIVE_CLIENTS.disconnect",
  "INACTIVE_CLIENTS.ttl",
  "INACTIVE_CLIENTS.check_interval",
  "STORE_LOG.prometheus_interval",
] as const;

const FOR_BROWSERS =
  "browsers may use the relay where tls.web_certificate and " +
  "tls.web_key are set";

/** The settings of `file-server.ini`. */
export const FILE_DIALECT: IniDialect = {
  counterparts: {
    ...Object.fromEntries(
      SHARED.map((name) => [name, SMP_DIALECT.counterparts[name]]),
    ),
    "STORE_LOG.expire_files_hours": duration("xftp.file_expiry", "h"),
    "AUTH.new_files": onOff("xftp.new_files"),
    "AUTH.create_password": text("xftp.create_password"),
    // The contents come along; that there are some is what is to be said.
    "FILES.path": { name: "xftp.enabled", read: () => true },
    "FILES.storage_quota": {
      name: "xftp.storage_quota",
      read: (value) =>
        /^\d{1,15}(?:kb|mb|gb)?$/.test(value)
          ? value.toUpperCase().replace(/^\d+$/, "$&B")
          : undefined,
    },
  },
  silent: new Set(["STORE_LOG.store_files", "STORE_LOG.log_stats"]),
  reasons: {
    "STORE_LOG.enable": "the relay always keeps its files on disk",
    "STORE_LOG.db_connection": NO_DATABASE,
    "STORE_LOG.db_schema": NO_DATABASE,
    "STORE_LOG.db_pool_size": NO_DATABASE,
    "STORE_LOG.db_store_log": NO_DATABASE,
    "AUTH.control_port_admin_password": NO_CONTROL_PORT,
    "AUTH.control_port_user_password": NO_CONTROL_PORT,
    "TRANSPORT.control_port": NO_CONTROL_PORT,
    "TRANSPORT.log_tls_errors": "failed TLS handshakes are counted, not logged",
    "WEB.static_path": NO_WEB,
    "WEB.http": NO_WEB,
    "WEB.https": NO_WEB,
    "WEB.cert": FOR_BROWSERS,
    "WEB.key": FOR_BROWSERS,
  },
};
