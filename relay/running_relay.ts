/**
 * A relay that runs, as the program sees it.
 *
 * @module
 */

import { type ReachedAddress, reachedAddresses } from "./addresses.ts";
import type { ControlledRelay, PartStatus } from "./control/mod.ts";
import type { Identity } from "./identity/mod.ts";
import type { Onion } from "./onion/mod.ts";
import { healthSources, ownerControl, type OwnerParts } from "./owner.ts";
import type { RelayPath } from "./path.ts";
import type { SmpServer } from "./smp/mod.ts";
import type { Recorder } from "./stats/mod.ts";
import type { WebCertificate } from "./web_certificate.ts";

/** A running relay. */
export interface Relay extends AsyncDisposable {
  readonly identity: Identity;
  /** Ports that it listens on. */
  readonly ports: readonly number[];
  /** What the owner can do to single queues. */
  readonly queues: QueueControl;
  /** What the control socket serves. */
  readonly control: ControlledRelay;
  /** Where its metrics are; `undefined` when they are served nowhere. */
  readonly metricsUrl: string | undefined;
  /** Addresses for the SimpleX app, the best first. */
  addresses(): string[];
  /** The same, with where each can be reached from. */
  reachedAddresses(): ReachedAddress[];
  /** How the world reaches it. */
  readonly path: RelayPath;
  /** How the parts are. */
  parts(): PartStatus[];
  /** Numbers about what the relay does, by name. */
  counts(): Record<string, number>;
  /** Closes everything; whoever got `OK` can rely on it. */
  stop(): Promise<void>;
}

/** What the owner can do to single queues. */
export type QueueControl = Pick<
  SmpServer,
  "queueStatus" | "blockQueue" | "unblockQueue" | "deleteQueue"
>;

/** What a running relay is asked for. */
export interface RunningParts extends OwnerParts {
  readonly recorder: Recorder;
  readonly onion: Onion;
  readonly path: RelayPath;
  readonly web: WebCertificate;
}

/** Answers out of the relay's parts. */
export class RunningRelay implements Relay {
  readonly #parts: RunningParts;
  readonly #stop: () => Promise<void>;
  #stopping: Promise<void> | undefined;

  constructor(parts: RunningParts, { stop }: { stop: () => Promise<void> }) {
    this.#parts = parts;
    this.#stop = stop;
  }

  get identity(): Identity {
    return this.#parts.identity;
  }

  get queues(): QueueControl {
    return this.#parts.smp;
  }

  get control(): ControlledRelay {
    return {
      ...ownerControl(this.#parts),
      addresses: () => this.addresses(),
      reachedAddresses: () => this.reachedAddresses(),
      parts: () => this.parts(),
      path: () => this.path.answer(),
      counts: () => this.counts(),
      webCertificate: this.#parts.web,
    };
  }

  get metricsUrl(): string | undefined {
    return this.#parts.recorder.metricsUrl;
  }

  get ports(): readonly number[] {
    return [
      ...new Set(this.#parts.listener.addresses.map(({ port }) => port)),
    ];
  }

  get path(): RelayPath {
    return this.#parts.path;
  }

  addresses(): string[] {
    return this.reachedAddresses().map(({ address }) => address);
  }

  reachedAddresses(): ReachedAddress[] {
    const { config, identity, onion, path } = this.#parts;
    return reachedAddresses({
      config,
      identity,
      ports: this.ports,
      onionHost: onion.host(),
      advertised: path.advertised(),
    });
  }

  parts(): PartStatus[] {
    return this.#parts.health.parts(healthSources(this.#parts));
  }

  counts(): Record<string, number> {
    const { smp, store, listener } = this.#parts;
    const { sessions, subscriptions, notifierSubscriptions } = smp.status;
    const { destinations, forwarding } = smp.status;
    const { queues, messages, notifications } = store.counts();
    const { open } = listener.stats();
    return {
      connections: open,
      sessions,
      subscriptions,
      notifierSubscriptions,
      queues,
      messages,
      notifications,
      destinations,
      forwarding,
      ...this.#fileCounts(),
    };
  }

  #fileCounts(): Record<string, number> {
    const { fileServer } = this.#parts;
    if (fileServer === undefined) return {};
    const { files, bytesUsed } = fileServer.files.counts();
    const { connections, uploads, downloads } = fileServer.server.status;
    return {
      fileSessions: connections,
      files,
      fileBytes: bytesUsed,
      uploads,
      downloads,
    };
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
