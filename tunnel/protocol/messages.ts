/**
 * What a relay and its core say to each other on a link.
 *
 * The relay dials the core (TLS 1.3, ALPN `porchlight-tunnel/1`), checks the
 * core's fingerprint, and shows its own certificate chain in the handshake, so
 * that TLS itself proves that it has the key of its identity, in this session
 * and no other. The link's first stream, opened by the relay, carries these
 * messages; each stream that the core opens is a visitor.
 *
 * ```text
 * relay                               core
 *   │ hello {wish}                      │
 *   │──────────────────────────────────▶│ lease of the identity, made or found
 *   │                   welcome {lease} │ or refused
 *   │◀──────────────────────────────────│
 *   │ reach {direct}                    │ calls back, then sets the name
 *   │──────────────────────────────────▶│
 *   │              reached {outcome}    │
 *   │◀──────────────────────────────────│
 *   │ text {name, values}               │ TXT records for certificates
 *   │──────────────────────────────────▶│
 * ```
 *
 * @module
 */

import type { CallbackOutcome } from "../../callback/mod.ts";

/** Where a core takes links over WebSocket. */
export const TUNNEL_PATH = "/tunnel";

/** ALPN of links. */
export const TUNNEL_ALPN = "porchlight-tunnel/1";

/** A name and a port that belong to one identity for good. */
export interface Lease {
  /** Full name: `<label>.<domain>`. */
  readonly name: string;
  /** TCP port, the same at the core and at home. */
  readonly port: number;
}

/** Why a core does not take a relay. */
export type RefusalReason =
  /** The core takes no relays that it does not know. */
  | "closed"
  /** It has no port left, or no room for more links. */
  | "full"
  /** Its operator has shut this relay out. */
  | "banned"
  /** Too many attempts. */
  | "too often"
  /** Another machine with the same identity has taken its place. */
  | "replaced"
  /** It does not understand what the relay says. */
  | "protocol";

/** From the relay. */
export type HomeMessage =
  /** First: who it is was proved by TLS. */
  | {
    readonly type: "hello";
    /** Name and version of its program. */
    readonly software: string;
    /**
     * Random for each start of the program: a second machine with the same
     * identity, restored from its backup, is told from a second link.
     */
    readonly instance: string;
    /** Label it would like, if the lease is new. */
    readonly label?: string;
    /** Port it would like, if the lease is new. */
    readonly port?: number;
    /** Invitation, where the core asks for one. */
    readonly invitation?: string;
  }
  /**
   * Whether the leased port of this link's own address leads here. The core
   * finds out before it points the name there.
   */
  | { readonly type: "reach"; readonly id: number; readonly direct: boolean }
  /** Values of a TXT record below the lease's name; none removes it. */
  | {
    readonly type: "text";
    readonly id: number;
    /** `_acme-challenge` is the only one so far. */
    readonly name: string;
    readonly values: readonly string[];
  };

/** From the core. */
export type CoreMessage =
  | {
    readonly type: "welcome";
    readonly software: string;
    readonly lease: Lease;
    /** Addresses of the core, which the name points to meanwhile. */
    readonly core: readonly string[];
    /** The relay's address as the core sees it. */
    readonly source: string;
    /** Visitors that may be there at a time. */
    readonly visitors: number;
  }
  | {
    readonly type: "refused";
    readonly reason: RefusalReason;
    /** For the relay's owner. */
    readonly message: string;
    /** When to ask again, seconds; left out: do not. */
    readonly retryAfterSeconds?: number;
  }
  /** Answer to "reach". */
  | {
    readonly type: "reached";
    readonly id: number;
    readonly outcome: CallbackOutcome;
    /** Where the name points now. */
    readonly name: "home" | "core";
  }
  /** Answer to "text". */
  | { readonly type: "done"; readonly id: number; readonly error?: string };

/** First bytes of a visitor's stream. */
export interface Visitor {
  /**
   * Who it is, for today and for this relay only: tells visitors apart without
   * telling who they are. 8 bytes.
   */
  readonly pseudonym: Uint8Array;
}
