/**
 * Encoding of the handshake (simplexmq 6.5.5, `SMPServerHandshake`,
 * `SMPClientHandshake` and `SMPServerHandshakeResponse` in
 * `Simplex.Messaging.Transport`). Each message is the content of a block that
 * is not encrypted; bytes behind it are for later versions and are ignored.
 *
 * ```text
 * relay's hello    = versions (2 + 2), session ID (1 + n)
 *                    [highest version is 7–: signed session key]
 * client's hello   = version (2), fingerprint of the relay's CA (1 + 32)
 *                    [v7–:  X25519 key (1 + 44)]
 *                    [v14–: bool: the client is a proxy]
 *                    [v16–: maybe service: role (1), signed session key]
 * service response = "R" service ID (1 + n) | "E" transport error
 * ```
 *
 * The keys are optional: where bytes do not parse as one, there is none.
 *
 * @module
 */

import { decode, type Reader, WireError, Writer } from "../wire/mod.ts";
import type { ServiceRole } from "./commands.ts";
import { readTransportError, writeTransportError } from "./error_codec.ts";
import type { TransportError } from "./errors.ts";
import { readDhKey, writeDhKey } from "./key_codec.ts";
import type { SignedSessionKey } from "./messages.ts";
import {
  readSignedSessionKey,
  writeSignedSessionKey,
} from "./signed_key_codec.ts";
import { readVersionRange, writeVersionRange } from "./version_range.ts";
import { SmpVersion, type VersionRange } from "./versions.ts";

/** First block of a connection, from the relay. */
export interface ServerHello {
  readonly versions: VersionRange;
  /** The client compares it with its own `tls-unique`. */
  readonly sessionId: Uint8Array;
  /** X25519 session key signed with the relay's certificate. */
  readonly key?: SignedSessionKey;
}

/** Who a service is. */
export interface ServiceHello {
  readonly role: ServiceRole;
  /** Ed25519 key of the session signed with the service's certificate. */
  readonly key: SignedSessionKey;
}

/** Second block of a connection, from the client. */
export interface ClientHello {
  /** The version of the session. */
  readonly version: number;
  /** SHA-256 of the CA certificate that the client expects. */
  readonly fingerprint: Uint8Array;
  /** X25519 session key, raw, 32 bytes. */
  readonly key?: Uint8Array;
  /** The client is a proxy: no block encryption. */
  readonly proxyServer: boolean;
  readonly service?: ServiceHello;
}

/** Third block of a connection, from the relay, only to services. */
export type ServiceResponse =
  | { readonly serviceId: Uint8Array; readonly error?: undefined }
  | { readonly error: TransportError };

/** Content of the block of the relay's hello. */
export function encodeServerHello(hello: ServerHello): Uint8Array {
  const writer = new Writer(2048);
  writeVersionRange(writer, hello.versions);
  writer.short(hello.sessionId);
  if (hello.versions.max >= SmpVersion.commandAuth && hello.key !== undefined) {
    writeSignedSessionKey(writer, hello.key);
  }
  return writer.finish();
}

/** The relay's hello; `undefined` when the content is not one. */
export function decodeServerHello(
  content: Uint8Array,
): ServerHello | undefined {
  return decode(content, (reader) => {
    const versions = readVersionRange(reader);
    const sessionId = reader.short();
    const key = versions.max >= SmpVersion.commandAuth
      ? decode(reader.tail(), readSignedSessionKey, { partial: true })
      : undefined;
    return { versions, sessionId, key };
  }, { partial: true });
}

/** Content of the block of the client's hello. */
export function encodeClientHello(hello: ClientHello): Uint8Array {
  const { version } = hello;
  const writer = new Writer(256);
  writer.u16(version).short(hello.fingerprint);
  if (version >= SmpVersion.commandAuth && hello.key !== undefined) {
    writeDhKey(writer, hello.key);
  }
  if (version >= SmpVersion.proxyFlag) writer.bool(hello.proxyServer);
  if (version >= SmpVersion.services) {
    writer.maybe(hello.service, (w, service) => {
      writeSignedSessionKey(w.ascii(service.role), service.key);
    });
  }
  return writer.finish();
}

/** The client's hello; `undefined` when the content is not one. */
export function decodeClientHello(
  content: Uint8Array,
): ClientHello | undefined {
  return decode(content, (reader) => {
    const version = reader.u16();
    const fingerprint = reader.short();
    const key = version >= SmpVersion.commandAuth
      ? readOptionalDhKey(reader, content)
      : undefined;
    return {
      version,
      fingerprint,
      key,
      proxyServer: version >= SmpVersion.proxyFlag && reader.bool(),
      service: version >= SmpVersion.services
        ? reader.maybe(readServiceHello)
        : undefined,
    };
  }, { partial: true });
}

/** Content of the block of the answer to a service. */
export function encodeServiceResponse(response: ServiceResponse): Uint8Array {
  const writer = new Writer(64);
  if (response.error === undefined) {
    writer.ascii("R").short(response.serviceId);
  } else {
    writeTransportError(writer.ascii("E"), response.error);
  }
  return writer.finish();
}

/** The answer to a service; `undefined` when the content is not one. */
export function decodeServiceResponse(
  content: Uint8Array,
): ServiceResponse | undefined {
  return decode(content, (reader): ServiceResponse => {
    switch (reader.char()) {
      case "R":
        return { serviceId: reader.short() };
      case "E":
        return { error: readTransportError(reader) };
      default:
        throw new WireError("Invalid service response");
    }
  }, { partial: true });
}

/** Whether the blocks of a session are encrypted inside TLS (`blockEncryption`). */
export function usesBlockEncryption(
  hello: Pick<ClientHello, "version" | "proxyServer" | "key">,
): boolean {
  return hello.version >= SmpVersion.encryptedBlock && !hello.proxyServer &&
    hello.key !== undefined;
}

function readServiceHello(reader: Reader): ServiceHello {
  return { role: readServiceRole(reader), key: readSignedSessionKey(reader) };
}

function readServiceRole(reader: Reader): ServiceRole {
  const role = reader.char();
  if (role === "M" || role === "N" || role === "P") return role;
  throw new WireError("Invalid role of a service");
}

/** Reads the key if there is one; otherwise the reader stays where it is. */
function readOptionalDhKey(
  reader: Reader,
  content: Uint8Array,
): Uint8Array | undefined {
  const rest = content.subarray(reader.offset);
  if (decode(rest, readDhKey, { partial: true }) === undefined) {
    return undefined;
  }
  return readDhKey(reader);
}
