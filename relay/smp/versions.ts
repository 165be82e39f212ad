/**
 * SMP protocol versions and what each of them changed
 * (simplexmq 6.5.5, `Simplex.Messaging.Transport`, version history).
 *
 * @module
 */

/** The versions from which a part of the protocol is in force. */
export const SmpVersion = {
  /** Oldest version that the relay speaks; also what is offered without ALPN. */
  min: 6,
  /** Commands may be authorised by X25519; the session ID is signed, not sent. */
  commandAuth: 7,
  /** Private message routing. */
  proxy: 8,
  /** `SKEY`, and "sender can secure" in `NEW` and `IDS`. */
  senderKey: 9,
  /** `DELD` to the subscriber of a queue that another connection deleted. */
  deletedEvent: 10,
  /** Each block is encrypted once more inside TLS. */
  encryptedBlock: 11,
  /** `BLOCKED` instead of `AUTH` for blocked queues. */
  blocked: 12,
  /** `proxyServer` flag in the client's handshake. */
  proxyFlag: 14,
  /** Queue mode and link data in `NEW`; link commands. */
  shortLinks: 15,
  /** Service certificates; a service signature beside the authorisation. */
  services: 16,
  /** Notifier credentials in `NEW`. */
  notifierInNew: 17,
  /** Client notices in `BLOCKED`. */
  notices: 18,
  /** Newest version that the relay speaks. */
  max: 18,
} as const;

/** An inclusive range of protocol versions. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** What the relay offers when ALPN was negotiated. */
export const supportedVersions: VersionRange = {
  min: SmpVersion.min,
  max: SmpVersion.max,
};

/** What the relay offers when there was no ALPN (`legacyServerSMPRelayVRange`). */
export const legacyVersions: VersionRange = {
  min: SmpVersion.min,
  max: SmpVersion.min,
};

/** Size of a transport block in bytes (`smpBlockSize`). */
export const BLOCK_SIZE = 16384;

/**
 * Largest body of `SEND` in bytes (`maxMessageLength`): the block encryption
 * of version 11 and the proxy of version 8 each took some of the block.
 */
export function maxMessageLength(version: number): number {
  if (version >= SmpVersion.encryptedBlock) return 16048;
  if (version >= SmpVersion.proxy) return 16064;
  return 16088;
}
