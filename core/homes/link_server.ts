/**
 * Takes the links of homes: who they are, what they lease, what they ask.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import {
  certificateFingerprint,
  checkChain,
  identityCertificate,
} from "../../relay/identity/mod.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { Link, MuxError, type MuxStream } from "../../tunnel/mux/mod.ts";
import {
  type CoreMessage,
  decodeHomeMessage,
  type HomeMessage,
  MessageError,
  MessageStream,
  type RefusalReason,
} from "../../tunnel/protocol/mod.ts";
import type { LeaseBook } from "../leases/lease.ts";
import type { NameTable } from "../names/name_table.ts";
import { Home, type HomeLink } from "./home.ts";

/** Time for the first message, ms. */
const HELLO_MS = 15_000;
/** Time between two questions whether a home can be reached, ms. */
const REACH_MS = 2_000;
/** Answers that a home has not taken; more end the link. */
const MAX_WAITING = 16;
/** When a displaced twin may ask again, seconds. */
const REPLACED_SECONDS = 600;
/** When one that found no room may, seconds. */
const FULL_SECONDS = 900;
/** Bytes of all streams of a link that may wait here unread. */
const MAX_UNREAD = 16 * 1024 * 1024;

/** The only TXT name that a home may set. */
const CHALLENGE = "_acme-challenge";

/** Options of {@link LinkServer}. */
export interface LinkServerOptions {
  readonly leases: LeaseBook;
  readonly names: NameTable;
  /** The part of names behind the label. */
  readonly domain: string;
  readonly software: string;
  /** Public addresses of this core. */
  readonly addresses: readonly string[];
  readonly maxVisitors: number;
  /** Links at a time. */
  readonly maxLinks: number;
  /** The home of a lease; made when it is new. */
  readonly homeOf: (fingerprint: Uint8Array) => Home | undefined;
  readonly pingMs?: number;
  readonly deadMs?: number;
}

/** Serves connections with the tunnel's ALPN. */
export class LinkServer {
  readonly #options: LinkServerOptions;
  #links = 0;

  constructor(options: LinkServerOptions) {
    this.#options = options;
  }

  /** Links that are up or being greeted. */
  get links(): number {
    return this.#links;
  }

  /**
   * Serves one link, from the IP address `source`, to its end. Never rejects
   * for what the home does.
   */
  async serve(connection: Connection, source: string): Promise<void> {
    const fingerprint = provenIdentity(connection);
    if (fingerprint === undefined) return;
    this.#links++;
    const conversation = Promise.withResolvers<MuxStream>();
    let first = true;
    const link = new Link(connection, {
      role: "server",
      maxStreams: this.#options.maxVisitors + 1,
      maxUnread: MAX_UNREAD,
      pingMs: this.#options.pingMs,
      deadMs: this.#options.deadMs,
      onStream(stream) {
        if (first) conversation.resolve(stream);
        else stream.close();
        first = false;
      },
    });
    const timer = setTimeout(() => link.abort(), HELLO_MS);
    try {
      const stream = await Promise.race([conversation.promise, link.ended]);
      if (stream === undefined) return;
      const messages = new MessageStream(stream);
      const json = await messages.receive();
      clearTimeout(timer);
      if (json === undefined) return;
      await this.#converse(decodeHomeMessage(json), {
        link,
        messages,
        fingerprint,
        source,
      });
    } catch (error) {
      if (!(error instanceof MuxError || error instanceof MessageError)) {
        throw error;
      }
    } finally {
      clearTimeout(timer);
      this.#links--;
      await link.close();
    }
  }

  async #converse(
    hello: HomeMessage,
    { link, messages, fingerprint, source }: {
      link: Link;
      messages: MessageStream;
      fingerprint: Uint8Array;
      source: string;
    },
  ): Promise<void> {
    if (hello.type !== "hello") return;
    const home = this.#admit(hello, fingerprint);
    if (!(home instanceof Home)) {
      await messages.send(home);
      return;
    }
    const { leases, domain, software, addresses, maxVisitors } = this.#options;
    leases.seen(fingerprint);
    const entry: HomeLink = {
      link,
      source,
      family: isIPv6(source) ? 6 : 4,
      instance: hello.instance,
      replace: () =>
        void messages.send(replaced()).then(
          () => link.close(),
          () => link.abort(),
        ),
    };
    home.add(entry);
    await messages.send({
      type: "welcome",
      software,
      lease: { name: `${home.lease.label}.${domain}`, port: home.lease.port },
      core: addresses,
      source,
      visitors: maxVisitors,
    });
    await this.#answer(home, { entry, messages });
  }

  /** The home of whoever says hello, or why it gets none. */
  #admit(
    hello: Extract<HomeMessage, { type: "hello" }>,
    fingerprint: Uint8Array,
  ): Home | CoreMessage {
    const { leases, homeOf, maxLinks } = this.#options;
    if (this.#links > maxLinks) {
      return refusal("full", "This core has no room for more relays now.", {
        retryAfterSeconds: FULL_SECONDS,
      });
    }
    const lease = leases.find(fingerprint) ?? leases.make(fingerprint, hello);
    switch (lease) {
      case "full":
        return refusal("full", "This core has no port left.", {
          retryAfterSeconds: 86_400,
        });
      case "closed":
        return refusal(
          "closed",
          "This core takes new relays by invitation only. Ask its operator for one.",
        );
    }
    if (lease.standing === "banned") {
      return refusal(
        "banned",
        "The operator of this core has shut this relay out.",
      );
    }
    const home = homeOf(fingerprint);
    if (home === undefined) {
      return refusal("full", "The port of this relay is in use at the core.", {
        retryAfterSeconds: FULL_SECONDS,
      });
    }
    return home.isReplaced(hello.instance) ? replaced() : home;
  }

  /** Answers what a home asks, one after the other, until it leaves. */
  async #answer(
    home: Home,
    { entry, messages }: { entry: HomeLink; messages: MessageStream },
  ): Promise<void> {
    let reachAt = -Infinity;
    for (;;) {
      const json = await messages.receive();
      if (json === undefined || messages.waiting > MAX_WAITING) return;
      const message = decodeHomeMessage(json);
      switch (message.type) {
        case "hello":
          return;
        case "reach": {
          const tooOften = message.direct &&
            performance.now() - reachAt < REACH_MS;
          if (message.direct) reachAt = performance.now();
          const outcome = tooOften
            ? "too often"
            : await home.reach(entry, message.direct);
          void messages.send({
            type: "reached",
            id: message.id,
            outcome,
            name: home.name,
          }).catch(ignore);
          break;
        }
        case "text": {
          const known = message.name === CHALLENGE;
          if (known) {
            const { label } = home.lease;
            this.#options.names.setTexts(label, message.name, message.values);
          }
          void messages.send({
            type: "done",
            id: message.id,
            error: known ? undefined : `Only ${CHALLENGE} can be set here`,
          }).catch(ignore);
        }
      }
    }
  }
}

/**
 * Who the peer is: TLS has proved that it holds the key of its first
 * certificate; the others lead from that to its identity. A home without a
 * clock may show dates that are off.
 */
function provenIdentity(connection: Connection): Uint8Array | undefined {
  const chain = connection.peerCertificates;
  const certificate = chain.length < 2 ? undefined : identityCertificate(chain);
  if (certificate === undefined) return undefined;
  const fingerprint = certificateFingerprint(certificate);
  const fault = checkChain(chain, fingerprint, { ignoreTime: true });
  return fault === "valid" ? fingerprint : undefined;
}

function refusal(
  reason: RefusalReason,
  message: string,
  { retryAfterSeconds }: { retryAfterSeconds?: number } = {},
): CoreMessage {
  return { type: "refused", reason, message, retryAfterSeconds };
}

function replaced(): CoreMessage {
  return refusal(
    "replaced",
    "Another machine with this relay's identity is connected to the core. Only one of them can have its name: switch the other one off.",
    { retryAfterSeconds: REPLACED_SECONDS },
  );
}

/** The link is over, which whoever reads it learns as well. */
function ignore(): void {}
