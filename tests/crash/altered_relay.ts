/**
 * A relay over another store than the usual one: one that does what is rare
 * often, or one that breaks its word, to prove that the harness notices.
 *
 * @module
 */

import {
  type Identity,
  loadOrCreateIdentity,
} from "../../relay/identity/mod.ts";
import type { RelayOptions } from "../../relay/relay.ts";
import { SmpServer } from "../../relay/smp/mod.ts";
import {
  openSqliteStore,
  type Store,
  type WriteGroup,
  type WriteOperation,
} from "../../relay/store/mod.ts";
import { listenTls } from "../../relay/transport/mod.ts";

/**
 * - `busy`: the WAL is copied and emptied many times a second;
 * - `early`: answers do not wait for the disk;
 * - `forgetful`: `ACK` is answered and the message kept.
 */
export type Alteration = "busy" | "early" | "forgetful";

/** The part of a relay that the process needs. */
export interface AlteredRelay {
  readonly ports: readonly number[];
  readonly identity: Identity;
  readonly metricsUrl?: undefined;
  stop(): Promise<void>;
}

const DAY_SECONDS = 86_400;

/** Starts a relay as `startRelay` does, over the altered store. */
export async function startAlteredRelay(
  alteration: Alteration,
  { config, log, store: storeOptions }: RelayOptions,
): Promise<AlteredRelay> {
  const { directory } = config.data;
  const identity = await loadOrCreateIdentity(directory);
  await using started = new AsyncDisposableStack();
  const store = started.use(
    await openSqliteStore({
      ...storeOptions,
      dir: directory,
      ...alteration === "busy"
        ? { checkpointBytes: 300_000, truncateMs: 100, idleMs: 5 }
        : {},
    }),
  );
  alter(store, alteration);
  const onError = (error: unknown) => log.error("A relay in a test", error);
  const { smp: settings, limits } = config;
  const smp = started.use(
    new SmpServer({
      identity,
      store,
      onError,
      options: {
        ...settings,
        versions: { min: settings.minVersion, max: settings.maxVersion },
        createPassword: undefined,
        messageTtlSeconds: 21 * DAY_SECONDS,
        notificationIntervalMs: settings.notificationDeliveryIntervalMs,
        notificationTtlSeconds: settings.notificationExpirySeconds,
        inactiveCheckMs: config.clients.inactiveCheckMs,
        pendingPerConnection: limits.pendingPerConnection,
        outputPerConnection: limits.outputPerConnectionBytes,
      },
    }),
  );
  await smp.start();
  const listener = started.use(
    listenTls({
      addresses: [{ hostname: "127.0.0.1", port: 0 }],
      credentials: { certificates: identity.chainPem, key: identity.keyPem },
      alpn: ["smp/1"],
      onConnection: (connection) => smp.serve(connection),
      onHandlerError: onError,
    }),
  );
  const parts = started.move();
  return {
    identity,
    ports: listener.addresses.map(({ port }) => port),
    stop: () => parts.disposeAsync(),
  };
}

function alter(store: Store, alteration: Alteration): void {
  const write = store.write.bind(store);
  if (alteration === "early") {
    store.write = (operation): WriteGroup => ({
      committed: Promise.resolve(),
      durable: true,
      order: write(operation).order,
    });
  }
  if (alteration === "forgetful") {
    store.write = (operation: WriteOperation) =>
      write(
        operation.type === "deleteMessages"
          ? { type: "deleteMessages", seqs: [] }
          : operation,
      );
  }
}
