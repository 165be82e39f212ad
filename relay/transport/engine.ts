/**
 * The TLS state machine of one connection: ciphertext in, plaintext out and
 * the other way round, through memory, so that it runs over any byte stream.
 * It never waits: every call is synchronous.
 *
 * During the handshake a connection has two memory BIOs of its own. Afterwards
 * all connections share one pair, so that an idle one holds no buffer. Each
 * call leaves both empty before it returns or throws: what one connection left
 * there (an alert, say) would go out on the next one.
 *
 * @module
 */

import type { OutputQueue } from "./buffers.ts";
import type { TlsContext, TlsRole } from "./context.ts";
import {
  BIO_CTRL_RESET,
  cString,
  type OpenSsl,
  openssl,
  SSL_CTRL_SET_TLSEXT_HOSTNAME,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_ZERO_RETURN,
  takeErrors,
  TLS1_3_VERSION,
  TLSEXT_NAMETYPE_host_name,
} from "./openssl.ts";
import { TlsError, type TlsErrorKind } from "./tls_error.ts";

/** Plaintext is encrypted in portions of this size: four full records. */
const ENCRYPT_STEP = 64 * 1024;

/** Longest Finished message: SHA-384 would be 48 bytes. */
const MAX_FINISHED = 64;

/** What the handshake has agreed. */
export interface TlsSession {
  /** Agreed ALPN protocol. */
  readonly alpn: string | undefined;
  /** Server name in the ClientHello. */
  readonly serverName: string | undefined;
  /** The client's Finished message: 32 bytes in TLS 1.3, 12 in TLS 1.2. */
  readonly sessionId: Uint8Array;
  /** The peer's chain, DER each, leaf first. */
  readonly peerCertificates: readonly Uint8Array[];
  /** `TLSv1.3` or `TLSv1.2`. */
  readonly version: "TLSv1.3" | "TLSv1.2";
}

interface SharedBios {
  readonly input: Deno.PointerObject;
  readonly output: Deno.PointerObject;
}

let shared: SharedBios | undefined;

function sharedBios(api: OpenSsl): SharedBios {
  shared ??= { input: newBio(api), output: newBio(api) };
  return shared;
}

function newBio(api: OpenSsl): Deno.PointerObject {
  const bio = api.BIO_new(api.BIO_s_mem());
  if (bio === null) throw new TlsError("config", "OpenSSL has no memory left");
  return bio;
}

/** One end of one TLS connection. */
export class TlsEngine {
  readonly role: TlsRole;
  readonly #api: OpenSsl;
  #ssl: Deno.PointerValue;
  #input: Deno.PointerObject;
  #output: Deno.PointerObject;
  #ended = false;

  /**
   * @param context may be freed once the handshake is done.
   * @param options.serverName SNI to send; clients of SimpleX send none.
   */
  constructor(context: TlsContext, options: { serverName?: string } = {}) {
    const api = openssl();
    this.#api = api;
    this.role = context.role;
    this.#ssl = api.SSL_new(context.pointer);
    if (this.#ssl === null) {
      throw new TlsError("config", `Cannot start TLS: ${takeErrors(api)}`);
    }
    this.#input = newBio(api);
    this.#output = newBio(api);
    api.SSL_set_bio(this.#ssl, this.#input, this.#output); // owns both now
    if (this.role === "server") {
      api.SSL_set_accept_state(this.#ssl);
      return;
    }
    api.SSL_set_connect_state(this.#ssl);
    if (options.serverName !== undefined) {
      api.SSL_ctrl_string(
        this.#ssl,
        SSL_CTRL_SET_TLSEXT_HOSTNAME,
        BigInt(TLSEXT_NAMETYPE_host_name),
        cString(options.serverName),
      );
    }
  }

  /** The peer has sent close_notify: no plaintext follows. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Goes on with the handshake after `input` has come; true when it is done.
   * There may be output in any case, also when this throws (an alert).
   *
   * @throws {TlsError} `not_tls`, `alpn` or `handshake`.
   */
  handshake(input: Uint8Array<ArrayBuffer> | undefined): boolean {
    const api = this.#api;
    if (this.#ssl === null) return false;
    if (input !== undefined) api.BIO_write(this.#input, input, input.length);
    api.ERR_clear_error();
    const result = api.SSL_do_handshake(this.#ssl);
    if (result === 1) return true;
    const code = api.SSL_get_error(this.#ssl, result);
    if (code === SSL_ERROR_WANT_READ) return false;
    throw handshakeError(takeErrors(api));
  }

  /**
   * After the handshake, once its output was taken: what was agreed, and the
   * ciphertext that came behind the handshake, for {@link decrypt}.
   */
  finishHandshake(): { session: TlsSession; rest: Uint8Array<ArrayBuffer> } {
    const api = this.#api;
    const session = this.#session();
    const rest = new Uint8Array(api.BIO_ctrl_pending(this.#input));
    if (rest.length > 0) api.BIO_read(this.#input, rest, rest.length);

    const bios = sharedBios(api);
    api.BIO_up_ref(bios.input);
    api.BIO_up_ref(bios.output);
    api.SSL_set0_rbio(this.#ssl, bios.input); // frees the own one
    api.SSL_set0_wbio(this.#ssl, bios.output);
    this.#input = bios.input;
    this.#output = bios.output;
    return { session, rest };
  }

  /** Moves what is to be sent into `queue`. */
  takeOutput(queue: OutputQueue): void {
    if (this.#ssl === null) return;
    const api = this.#api;
    const pending = api.BIO_ctrl_pending(this.#output);
    if (pending === 0) return;
    try {
      queue.append(
        pending,
        (view) => api.BIO_read(this.#output, view, view.length),
      );
    } finally {
      this.#empty(this.#output);
    }
  }

  /**
   * Decrypts `input` completely. Plaintext fills `target` from its start; what
   * does not fit goes into `overflow()`, which is called at most once. Returns
   * the count of bytes in `target` and in the overflow. There may be output
   * (answers of TLS itself) afterwards.
   *
   * @throws {TlsError} `protocol` when a record is broken.
   */
  decrypt(
    input: Uint8Array<ArrayBuffer>,
    queue: OutputQueue,
    target: Uint8Array<ArrayBuffer>,
    overflow: () => Uint8Array<ArrayBuffer>,
  ): { filled: number; over: number } {
    const api = this.#api;
    const ssl = this.#ssl;
    if (ssl === null || this.#ended) return { filled: 0, over: 0 };
    api.BIO_write(this.#input, input, input.length);
    api.ERR_clear_error();
    let filled = 0;
    let over = 0;
    try {
      let more = true;
      while (more && filled < target.length) {
        const room = target.length - filled;
        const view = filled === 0 ? target : target.subarray(filled);
        const count = api.SSL_read(ssl, view, room);
        if (count > 0) filled += count;
        else more = this.#checkRead(count);
      }
      if (more && this.#hasPending()) {
        const rest = overflow();
        while (more) {
          const room = rest.length - over;
          if (room === 0) throw new TlsError("protocol", "Overflow is full");
          const count = api.SSL_read(ssl, rest.subarray(over), room);
          if (count > 0) over += count;
          else more = this.#checkRead(count);
        }
      }
    } finally {
      this.#empty(this.#input);
      this.takeOutput(queue);
    }
    return { filled, over };
  }

  /** A record, or a part of one, is held inside OpenSSL. */
  get midRecord(): boolean {
    return this.#ssl !== null && this.#api.SSL_has_pending(this.#ssl) === 1;
  }

  /**
   * Encrypts `bytes` into `queue`.
   *
   * @throws {TlsError} `protocol` when OpenSSL refuses.
   */
  encrypt(bytes: Uint8Array<ArrayBuffer>, queue: OutputQueue): void {
    const api = this.#api;
    for (let at = 0; at < bytes.length && this.#ssl !== null;) {
      const step = Math.min(ENCRYPT_STEP, bytes.length - at);
      const view = step === bytes.length
        ? bytes
        : bytes.subarray(at, at + step);
      api.ERR_clear_error();
      const count = api.SSL_write(this.#ssl, view, step);
      this.takeOutput(queue);
      if (count !== step) {
        throw new TlsError("protocol", `Cannot encrypt: ${takeErrors(api)}`);
      }
      at += step;
    }
  }

  /** Puts close_notify into `queue`. */
  shutdown(queue: OutputQueue): void {
    if (this.#ssl === null) return;
    this.#api.ERR_clear_error();
    this.#api.SSL_shutdown(this.#ssl);
    this.#api.ERR_clear_error();
    this.takeOutput(queue);
  }

  /** Gives everything back; every later call does nothing. */
  free(): void {
    if (this.#ssl === null) return;
    this.#api.SSL_free(this.#ssl); // with its BIOs, or its share in them
    this.#ssl = null;
  }

  /** Usually it is: the call that checks is the cheaper one. */
  #empty(bio: Deno.PointerObject): void {
    if (this.#api.BIO_ctrl_pending(bio) === 0) return;
    this.#api.BIO_ctrl(bio, BIO_CTRL_RESET, 0n, null);
  }

  #hasPending(): boolean {
    return this.#api.BIO_ctrl_pending(this.#input) !== 0 || this.midRecord;
  }

  /** After a read without bytes: false at the end of the input. */
  #checkRead(result: number): false {
    const code = this.#api.SSL_get_error(this.#ssl, result);
    if (code === SSL_ERROR_ZERO_RETURN) this.#ended = true;
    else if (code !== SSL_ERROR_WANT_READ) {
      const reasons = takeErrors(this.#api);
      throw new TlsError("protocol", `Broken TLS record: ${reasons}`);
    }
    return false;
  }

  #session(): TlsSession {
    const api = this.#api;
    const ssl = this.#ssl;
    const finished = new Uint8Array(MAX_FINISHED);
    const size = BigInt(MAX_FINISHED);
    // RFC 5929, section 3.1: the first Finished of the handshake, which is the
    // client's. The reference: `withTlsUnique` (Simplex.Messaging.Transport).
    const length = this.role === "server"
      ? api.SSL_get_peer_finished(ssl, finished, size)
      : api.SSL_get_finished(ssl, finished, size);
    return {
      alpn: this.#alpn(),
      serverName: this.#serverName(),
      sessionId: finished.slice(0, length),
      peerCertificates: this.#peerCertificates(),
      version: api.SSL_version(ssl) === TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2",
    };
  }

  #alpn(): string | undefined {
    const address = new BigUint64Array(1);
    const length = new Uint32Array(1);
    this.#api.SSL_get0_alpn_selected(this.#ssl, address, length);
    const pointer = Deno.UnsafePointer.create(address[0]);
    if (pointer === null || length[0] === 0) return undefined;
    const bytes = Deno.UnsafePointerView.getArrayBuffer(pointer, length[0]);
    return new TextDecoder().decode(bytes.slice(0));
  }

  #serverName(): string | undefined {
    const name = this.#api.SSL_get_servername(
      this.#ssl,
      TLSEXT_NAMETYPE_host_name,
    );
    return name === null ? undefined : Deno.UnsafePointerView.getCString(name);
  }

  #peerCertificates(): Uint8Array[] {
    const api = this.#api;
    const chain: Uint8Array[] = [];
    // The stack of a client has the leaf in it, that of a server has not.
    const stack = api.SSL_get_peer_cert_chain(this.#ssl);
    if (this.role === "server") {
      const leaf = api.SSL_get1_peer_certificate(this.#ssl);
      if (leaf === null) return chain;
      chain.push(encodeCertificate(api, leaf));
      api.X509_free(leaf);
    }
    if (stack === null) return chain;
    const count = api.OPENSSL_sk_num(stack);
    for (let index = 0; index < count; index++) {
      chain.push(encodeCertificate(api, api.OPENSSL_sk_value(stack, index)));
    }
    return chain;
  }
}

function encodeCertificate(
  api: OpenSsl,
  certificate: Deno.PointerValue,
): Uint8Array {
  const der = new Uint8Array(api.i2d_X509(certificate, null));
  // i2d moves the pointer it is given, so it gets a cell with a copy of it.
  const cell = new BigUint64Array([
    BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(der))),
  ]);
  api.i2d_X509(certificate, cell);
  return der;
}

function handshakeError(reasons: string): TlsError {
  let kind: TlsErrorKind = "handshake";
  if (/http request|proxy request|wrong version number/.test(reasons)) {
    kind = "not_tls";
  } else if (/no application protocol/.test(reasons)) {
    kind = "alpn";
  }
  return new TlsError(kind, `TLS handshake failed: ${reasons}`);
}
