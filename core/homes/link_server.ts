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
import {
  Link,
  type LinkMemory,
  MuxError,
  type MuxStream,
} from "../../tunnel/mux/mod.ts";
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
import type { GreetingLimit } from "./greeting_limit.ts";
import { type Farewell, Home, type HomeLink } from "./home.ts";

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
/** When one that asks too often may, seconds. */
const LATER_SECONDS = 3600;
/** Time for visitors to finish when a home leaves, ms. */
const DRAIN_MS = 5_000;
/** Time to take the last message, ms. */
const FAREWELL_MS = 5_000;
/** Memory of what may wait unread on one link, bytes. */
const MAX_UNREAD = 32 * 1024 * 1024;

type Hello = Extract<HomeMessage, { type: "hello" }>;

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
  /** Bounds what waits unread on all links. */
  readonly memory: LinkMemory;
  readonly greetings: GreetingLimit;
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
    const leave = fingerprint && this.#options.greetings.takeLink(source);
    if (fingerprint === undefined || leave === undefined) return;
    this.#links++;
    try {
      await this.#serve(connection, { fingerprint, source });
    } finally {
      leave();
      this.#links--;
    }
  }

  async #serve(
    connection: Connection,
    { fingerprint, source }: { fingerprint: Uint8Array; source: string },
  ): Promise<void> {
    const conversation = Promise.withResolvers<MuxStream>();
    let first = true;
    const { maxVisitors, memory, pingMs, deadMs } = this.#options;
    const link = new Link(connection, {
      role: "server",
      maxStreams: maxVisitors + 1,
      maxUnread: MAX_UNREAD,
      memory,
      pingMs,
      deadMs,
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
      const hello = greeting(json);
      await this.#converse(hello, { link, messages, fingerprint, source });
      // It has said all; its visitors may not have.
      await messages.end();
      await link.drain(DRAIN_MS);
    } catch (error) {
      if (!(error instanceof MuxError || error instanceof MessageError)) {
        throw error;
      }
    } finally {
      clearTimeout(timer);
      await link.close();
    }
  }

  async #converse(
    hello: Hello | undefined,
    { link, messages, fingerprint, source }: {
      link: Link;
      messages: MessageStream;
      fingerprint: Uint8Array;
      source: string;
    },
  ): Promise<void> {
    if (hello === undefined) {
      await farewell(notUnderstood(), { link, messages });
      return;
    }
    const home = this.#admit(hello, { fingerprint, source });
    if (!(home instanceof Home)) {
      await farewell(home, { link, messages });
      return;
    }
    const { leases, domain, software, addresses, maxVisitors } = this.#options;
    leases.seen([fingerprint]);
    const entry: HomeLink = {
      link,
      source,
      family: isIPv6(source) ? 6 : 4,
      instance: hello.instance,
      dismiss: (why) => void farewell(FAREWELLS[why], { link, messages }),
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
    hello: Hello,
    { fingerprint, source }: { fingerprint: Uint8Array; source: string },
  ): Home | CoreMessage {
    const { leases, homeOf, maxLinks, greetings } = this.#options;
    if (this.#links > maxLinks) {
      return refusal("full", "This core has no room for more relays now.", {
        retryAfterSeconds: FULL_SECONDS,
      });
    }
    const known = leases.find(fingerprint);
    if (known === undefined && !greetings.takeLease(source)) {
      return refusal(
        "too often",
        "Many new relays came from this network. The core takes more of them later.",
        { retryAfterSeconds: LATER_SECONDS },
      );
    }
    const lease = known ?? leases.make(fingerprint, hello);
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
    if (lease.standing === "banned") return FAREWELLS.banned;
    const home = homeOf(fingerprint);
    if (home === undefined) {
      return refusal("full", "The port of this relay is in use at the core.", {
        retryAfterSeconds: FULL_SECONDS,
      });
    }
    return home.isReplaced(hello.instance) ? FAREWELLS.replaced : home;
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
      // Another has taken its place, and it has been told.
      if (!home.has(entry)) return;
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

const FAREWELLS: Readonly<Record<Farewell, CoreMessage>> = {
  replaced: refusal(
    "replaced",
    "Another machine with this relay's identity is connected to the core. Only one of them can have its name: switch the other one off.",
    { retryAfterSeconds: REPLACED_SECONDS },
  ),
  banned: refusal(
    "banned",
    "The operator of this core has shut this relay out.",
  ),
};

function notUnderstood(): CoreMessage {
  return refusal(
    "protocol",
    "This core does not understand what the relay says. One of them has to be updated.",
    { retryAfterSeconds: LATER_SECONDS },
  );
}

/** The first message; `undefined` when it is none that begins a talk. */
function greeting(json: Uint8Array): Hello | undefined {
  try {
    const message = decodeHomeMessage(json);
    return message.type === "hello" ? message : undefined;
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}

/**
 * Says the last word; the home ends the link when it has read it. Never
 * rejects.
 */
async function farewell(
  message: CoreMessage,
  { link, messages }: { link: Link; messages: MessageStream },
): Promise<void> {
  const timer = setTimeout(() => link.abort(), FAREWELL_MS);
  link.leave();
  await messages.send(message).catch(ignore);
  await messages.end();
  await link.ended;
  clearTimeout(timer);
}

/** The link is over, which whoever reads it learns as well. */
function ignore(): void {}
