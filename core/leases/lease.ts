/**
 * What a core keeps of each relay: a label and a port, for good.
 *
 * @module
 */

/** A lease. */
export interface LeaseRecord {
  /** Of the relay's CA certificate, 32 bytes: who it belongs to. */
  readonly fingerprint: Uint8Array;
  /** First label of the relay's name. */
  readonly label: string;
  /** TCP port. */
  readonly port: number;
  /** How much the core trusts the relay. */
  readonly standing: Standing;
  /** When it was made and when the relay was last there: days since 1970. */
  readonly sinceDay: number;
  readonly seenDay: number;
}

/** `new` for its first weeks; then `known`; `banned` by the operator. */
export type Standing = "new" | "known" | "banned";

/** What a relay would like. */
export interface LeaseWish {
  readonly label?: string;
  readonly port?: number;
  readonly invitation?: string;
}

/** Leases of a core, on disk. */
export interface LeaseBook {
  /** All leases, at the start. */
  list(): LeaseRecord[];
  /** The lease of this relay, if it has one. */
  find(fingerprint: Uint8Array): LeaseRecord | undefined;
  /**
   * Makes a lease as wished, as far as that can be; on disk when it returns.
   * `closed`: the core takes no new relays, or not with this invitation.
   */
  make(
    fingerprint: Uint8Array,
    wish: LeaseWish,
  ): LeaseRecord | "full" | "closed";
  /** These relays were there today; on disk when it returns. */
  seen(fingerprints: Iterable<Uint8Array>): void;
}
