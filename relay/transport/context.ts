/**
 * TLS parameters of SimpleX as an OpenSSL context: what the reference sets in
 * `defaultSupportedParams` (Simplex.Messaging.Transport) and in
 * Transport/Server.hs and Transport/Client.hs.
 *
 * One context is one certificate with its parameters. A second certificate
 * for browsers, chosen when the client sends a server name, is a second
 * context: nothing in here is shared between contexts.
 *
 * @module
 */

import {
  cString,
  type OpenSsl,
  openssl,
  OPENSSL_NPN_NEGOTIATED,
  SSL_CTRL_CHAIN_CERT,
  SSL_CTRL_MODE,
  SSL_CTRL_SET_CLIENT_SIGALGS_LIST,
  SSL_CTRL_SET_GROUPS_LIST,
  SSL_CTRL_SET_MAX_CERT_LIST,
  SSL_CTRL_SET_MAX_PROTO_VERSION,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  SSL_CTRL_SET_SESS_CACHE_MODE,
  SSL_CTRL_SET_SIGALGS_LIST,
  SSL_MODE_NO_AUTO_CHAIN,
  SSL_MODE_RELEASE_BUFFERS,
  SSL_OP_LEGACY_SERVER_CONNECT,
  SSL_OP_NO_COMPRESSION,
  SSL_OP_NO_RENEGOTIATION,
  SSL_OP_NO_TICKET,
  SSL_TLSEXT_ERR_ALERT_FATAL,
  SSL_TLSEXT_ERR_OK,
  SSL_VERIFY_PEER,
  takeErrors,
  TLS1_2_VERSION,
  TLS1_3_VERSION,
} from "./openssl.ts";
import { TlsError } from "./tls_error.ts";

/** Longest certificate chain taken from a peer, in bytes. */
const MAX_PEER_CHAIN = 16 * 1024;

/** A certificate chain and the private key of its first certificate. */
export interface TlsCredentials {
  /** Leaf first, then its issuers: one PEM text, or DER each. */
  readonly certificates: string | readonly Uint8Array[];
  /** Private key of the leaf: PEM (`PRIVATE KEY`) or PKCS #8 DER. */
  readonly key: string | Uint8Array;
}

/** What both ends of a TLS connection can choose. */
export interface TlsContextOptions {
  /** Own certificate; a server must have one. */
  readonly credentials?: TlsCredentials;
  /**
   * ALPN protocols. Server: those it takes; the client's preference decides, a
   * client that offers none gets none, and one that offers only others is
   * refused with `no_application_protocol`. Left out or empty: ALPN is off, the
   * extension is neither sent nor answered.
   */
  readonly alpn?: readonly string[];
  /** Server: ask for a client certificate, which the client may leave out. */
  readonly requestClientCertificate?: boolean;
  /**
   * Server: parameters that browsers have as well, for a certificate that they
   * trust.
   */
  readonly web?: boolean;
}

/** Ciphers and the like, as OpenSSL's lists. */
interface Parameters {
  readonly suites: string;
  readonly ciphers: string;
  readonly groups: string;
  readonly signatures: string;
}

/** `defaultSupportedParams` */
const SIMPLEX: Parameters = {
  suites: "TLS_CHACHA20_POLY1305_SHA256",
  ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305",
  groups: "X448:X25519",
  signatures: "ed448:ed25519",
};

/**
 * `defaultSupportedParamsHTTPS`, without finite-field groups, which cost the
 * server too much, and with P-256, which every client has.
 */
const WEB: Parameters = {
  suites:
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
  ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20",
  groups: "X25519:X448:P-256:P-521",
  signatures: "ed448:ed25519:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:" +
    "RSA-PSS+SHA512:RSA-PSS+SHA384:RSA-PSS+SHA256:" +
    "RSA+SHA512:RSA+SHA384:RSA+SHA256",
};

/** Which end of the handshake. */
export type TlsRole = "client" | "server";

/**
 * Both callbacks live as long as the program, so that no connection can call
 * one that was freed. Neither keeps the event loop alive.
 */
const callbacks = makeCallbacks();

function makeCallbacks() {
  let api: OpenSsl;
  try {
    api = openssl();
  } catch {
    return undefined; // told by openssl() to whoever makes a context
  }
  return {
    // hs-tls `applicationProtocol`: the first of the client's protocols that
    // the server takes; none in common ends the handshake.
    selectAlpn: new Deno.UnsafeCallback(
      {
        parameters: [
          "pointer",
          "pointer",
          "pointer",
          "pointer",
          "u32",
          "pointer",
        ],
        result: "i32",
      },
      (_ssl, out, outLength, offered, offeredLength, arg) => {
        const own = ownProtocols.get(arg === null ? 0n : addressOf(arg));
        if (own === undefined) return SSL_TLSEXT_ERR_ALERT_FATAL;
        const result = api.SSL_select_next_proto(
          out,
          outLength,
          offered,
          offeredLength,
          arg,
          own.length,
        );
        return result === OPENSSL_NPN_NEGOTIATED
          ? SSL_TLSEXT_ERR_OK
          : SSL_TLSEXT_ERR_ALERT_FATAL;
      },
    ),
    // The protocol checks the chain against a fingerprint; OpenSSL only
    // checks that the peer holds the key of the leaf.
    acceptCertificate: new Deno.UnsafeCallback(
      { parameters: ["pointer", "pointer"], result: "i32" },
      () => 1,
    ),
  };
}

/** Wire form of the protocols of each living context, by its address. */
const ownProtocols = new Map<bigint, Uint8Array<ArrayBuffer>>();

function addressOf(pointer: Deno.PointerObject): bigint {
  return BigInt(Deno.UnsafePointer.value(pointer));
}

/**
 * An `SSL_CTX`. Connections made from it keep what they need after
 * {@link TlsContext.free}, except a handshake that is under way with ALPN,
 * which then fails.
 */
export class TlsContext {
  readonly role: TlsRole;
  #pointer: Deno.PointerValue;
  #alpnKey: bigint | undefined;

  /**
   * @throws {TlsError} `config` when certificate or key cannot be used.
   * @throws {NativeLibraryError} without OpenSSL 3.
   */
  constructor(role: TlsRole, options: TlsContextOptions) {
    const api = openssl();
    this.role = role;
    this.#pointer = api.SSL_CTX_new(
      role === "server" ? api.TLS_server_method() : api.TLS_client_method(),
    );
    if (this.#pointer === null) throw configError(api, "Cannot set up TLS");
    try {
      this.#setParameters(api, options.web ? WEB : SIMPLEX);
      if (options.credentials !== undefined) {
        setCredentials(api, this.#pointer, options.credentials);
      } else if (role === "server") {
        throw new TlsError("config", "A TLS server needs a certificate");
      }
      this.#setVerification(api, options.requestClientCertificate ?? false);
      if (options.alpn !== undefined && options.alpn.length > 0) {
        this.#setAlpn(api, encodeAlpn(options.alpn));
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** The `SSL_CTX *`. */
  get pointer(): Deno.PointerObject {
    if (this.#pointer === null) throw new Error("The TLS context was freed");
    return this.#pointer;
  }

  /** Gives the context back; may be called twice. */
  free(): void {
    if (this.#pointer === null) return;
    openssl().SSL_CTX_free(this.#pointer);
    this.#pointer = null;
    if (this.#alpnKey !== undefined) ownProtocols.delete(this.#alpnKey);
  }

  #setParameters(api: OpenSsl, parameters: Parameters): void {
    const context = this.pointer;
    const number = (command: number, value: number) =>
      api.SSL_CTX_ctrl(context, command, BigInt(value), null);
    const text = (command: number, value: string) =>
      api.SSL_CTX_ctrl_string(context, command, 0n, cString(value));
    const done = number(SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION) === 1 &&
      number(SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_3_VERSION) === 1 &&
      api.SSL_CTX_set_ciphersuites(
          context,
          cString(parameters.suites),
        ) === 1 &&
      api.SSL_CTX_set_cipher_list(
          context,
          cString(parameters.ciphers),
        ) === 1 &&
      text(SSL_CTRL_SET_GROUPS_LIST, parameters.groups) === 1 &&
      text(SSL_CTRL_SET_SIGALGS_LIST, parameters.signatures) === 1 &&
      text(SSL_CTRL_SET_CLIENT_SIGALGS_LIST, parameters.signatures) === 1 &&
      api.SSL_CTX_set_num_tickets(context, 0n) === 1;
    if (!done) throw configError(api, "OpenSSL lacks what SimpleX needs");
    number(SSL_CTRL_SET_SESS_CACHE_MODE, 0); // previous value, not success
    number(SSL_CTRL_SET_MAX_CERT_LIST, MAX_PEER_CHAIN);
    number(SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // The reference does not send renegotiation_info, which OpenSSL's client
    // takes as a threat in TLS 1.2; with renegotiation off it is none.
    api.SSL_CTX_set_options(
      context,
      SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
        (this.role === "client" ? SSL_OP_LEGACY_SERVER_CONNECT : 0n),
    );
  }

  #setVerification(api: OpenSsl, requestClientCertificate: boolean): void {
    if (callbacks === undefined) return;
    api.SSL_CTX_set_cert_verify_callback(
      this.pointer,
      callbacks.acceptCertificate.pointer,
      null,
    );
    if (this.role === "client" || requestClientCertificate) {
      api.SSL_CTX_set_verify(this.pointer, SSL_VERIFY_PEER, null);
    }
  }

  #setAlpn(api: OpenSsl, protocols: Uint8Array<ArrayBuffer>): void {
    if (this.role === "client") {
      // The one function here that returns 0 for success.
      const failed = api.SSL_CTX_set_alpn_protos(
        this.pointer,
        protocols,
        protocols.length,
      );
      if (failed) throw configError(api, "Cannot set the ALPN protocols");
      return;
    }
    const pointer = Deno.UnsafePointer.of(protocols);
    if (callbacks === undefined || pointer === null) return;
    this.#alpnKey = addressOf(pointer);
    ownProtocols.set(this.#alpnKey, protocols);
    api.SSL_CTX_set_alpn_select_cb(
      this.pointer,
      callbacks.selectAlpn.pointer,
      pointer,
    );
  }
}

/**
 * ALPN `ProtocolNameList` without its outer length (RFC 7301, section 3.1):
 *
 * ```text
 * length (1 byte) | name | length | name | ...
 * ```
 */
function encodeAlpn(protocols: readonly string[]): Uint8Array<ArrayBuffer> {
  const names = protocols.map((name) => new TextEncoder().encode(name));
  const total = names.reduce((sum, name) => sum + 1 + name.length, 0);
  const list = new Uint8Array(total);
  let at = 0;
  for (const name of names) {
    if (name.length === 0 || name.length > 255) {
      throw new TlsError("config", "An ALPN protocol has 1 to 255 bytes");
    }
    list[at++] = name.length;
    list.set(name, at);
    at += name.length;
  }
  return list;
}

function setCredentials(
  api: OpenSsl,
  context: Deno.PointerObject,
  credentials: TlsCredentials,
): void {
  const chain = typeof credentials.certificates === "string"
    ? decodePem(credentials.certificates, "CERTIFICATE")
    : credentials.certificates;
  if (chain.length === 0) {
    throw new TlsError("config", "There is no certificate in the chain");
  }
  chain.forEach((der, index) => {
    const certificate = parseDer(api, der, api.d2i_X509_bio);
    if (certificate === null) {
      throw configError(api, `Cannot read certificate ${index + 1}`);
    }
    // Both take a reference of their own (add1 is `larg` 1).
    const taken = index === 0
      ? api.SSL_CTX_use_certificate(context, certificate)
      : api.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1n, certificate);
    api.X509_free(certificate);
    if (taken !== 1) {
      throw configError(api, `Cannot use certificate ${index + 1}`);
    }
  });

  const [key] = typeof credentials.key === "string"
    ? decodePem(credentials.key, "(?:RSA |EC )?PRIVATE KEY")
    : [credentials.key.slice()];
  if (key === undefined) throw new TlsError("config", "There is no key");
  const parsed = parseDer(api, key, api.d2i_PrivateKey_bio);
  key.fill(0);
  if (parsed === null) throw configError(api, "Cannot read the private key");
  const taken = api.SSL_CTX_use_PrivateKey(context, parsed);
  api.EVP_PKEY_free(parsed);
  if (taken !== 1 || api.SSL_CTX_check_private_key(context) !== 1) {
    throw configError(api, "The private key does not fit the certificate");
  }
}

/** Runs a `d2i_*_bio` function over `der`. */
function parseDer(
  api: OpenSsl,
  der: Uint8Array,
  parse: (bio: Deno.PointerValue, out: null) => Deno.PointerValue,
): Deno.PointerValue {
  const bio = api.BIO_new(api.BIO_s_mem());
  const bytes = new Uint8Array(der);
  try {
    api.BIO_write(bio, bytes, bytes.length);
    return parse(bio, null);
  } finally {
    api.BIO_free(bio); // clears its memory
    bytes.fill(0); // may be a private key
  }
}

/** The bodies of all PEM blocks with this label, a pattern (RFC 7468). */
function decodePem(text: string, label: string): Uint8Array[] {
  const blocks = text.matchAll(
    new RegExp(
      `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`,
      "g",
    ),
  );
  return Array.from(
    blocks,
    ([, body]) => Uint8Array.fromBase64(body),
  );
}

function configError(api: OpenSsl, message: string): TlsError {
  const reasons = takeErrors(api);
  return new TlsError("config", reasons ? `${message}: ${reasons}` : message);
}
