/**
 * Commands, responses and errors of XFTP, as values (simplexmq 6.5.5,
 * `Simplex.FileTransfer.Protocol` and `XFTPErrorType` in `.Transport`).
 * Their encoding is in `codec.ts`.
 *
 * A "file" of the protocol is one chunk of the file that a person sends.
 *
 * @module
 */

import type { AuthKey } from "../crypto/mod.ts";
import type { BlockingInfo, CommandErrorReason } from "../smp/errors.ts";

/** What a sender says of a new file. */
export interface FileInfo {
  readonly senderKey: AuthKey;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256 of the content, 32 bytes. */
  readonly digest: Uint8Array;
}

/** A command of a client. */
export type XftpCommand =
  | {
    readonly tag: "FNEW";
    readonly file: FileInfo;
    readonly recipientKeys: readonly AuthKey[];
    readonly basicAuth?: Uint8Array;
  }
  | { readonly tag: "FADD"; readonly recipientKeys: readonly AuthKey[] }
  | { readonly tag: "FPUT" }
  | { readonly tag: "FDEL" }
  /** `dhKey`: raw X25519 public key, 32 bytes. */
  | { readonly tag: "FGET"; readonly dhKey: Uint8Array }
  | { readonly tag: "FACK" }
  | { readonly tag: "PING" };

/** Everything that can follow `ERR`. */
export type XftpError =
  | {
    readonly type:
      | "BLOCK"
      | "SESSION"
      | "HANDSHAKE"
      | "AUTH"
      | "SIZE"
      | "QUOTA"
      | "DIGEST"
      | "CRYPTO"
      | "NO_FILE"
      | "HAS_FILE"
      | "FILE_IO"
      | "TIMEOUT"
      | "INTERNAL"
      | "DUPLICATE_";
  }
  | { readonly type: "CMD"; readonly reason: CommandErrorReason }
  | { readonly type: "BLOCKED"; readonly info: BlockingInfo };

/** A response of the relay. */
export type XftpResponse =
  | {
    readonly tag: "SIDS";
    readonly senderId: Uint8Array;
    readonly recipientIds: readonly Uint8Array[];
  }
  | { readonly tag: "RIDS"; readonly recipientIds: readonly Uint8Array[] }
  /** The encrypted content follows the block. */
  | {
    readonly tag: "FILE";
    /** The relay's X25519 public key, raw, 32 bytes. */
    readonly relayDhKey: Uint8Array;
    /** 24 bytes. */
    readonly nonce: Uint8Array;
  }
  | { readonly tag: "OK" | "PONG" }
  | { readonly tag: "ERR"; readonly error: XftpError };
