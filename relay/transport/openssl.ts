/**
 * The functions of libssl and libcrypto that TLS needs, their constants, and
 * their errors as text. Nothing else of the program calls OpenSSL for TLS.
 *
 * A C `size_t` or `long` that is known to be small is declared `i32`, which
 * spares a BigInt for each call: both ABIs (x86-64, AArch64) return it in the
 * same register.
 *
 * @module
 */

import { openLibrary } from "../native/mod.ts";

const CRYPTO_SYMBOLS = {
  OPENSSL_init_crypto: { parameters: ["u64", "pointer"], result: "i32" },
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_up_ref: { parameters: ["pointer"], result: "i32" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i32" },
  BIO_ctrl_pending: { parameters: ["pointer"], result: "i32" },
  d2i_X509_bio: { parameters: ["pointer", "pointer"], result: "pointer" },
  i2d_X509: { parameters: ["pointer", "buffer"], result: "i32" },
  X509_free: { parameters: ["pointer"], result: "void" },
  d2i_PrivateKey_bio: { parameters: ["pointer", "pointer"], result: "pointer" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  OPENSSL_sk_num: { parameters: ["pointer"], result: "i32" },
  OPENSSL_sk_value: { parameters: ["pointer", "i32"], result: "pointer" },
  ERR_get_error: { parameters: [], result: "u64" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: {
    parameters: ["u64", "buffer", "usize"],
    result: "void",
  },
} as const;

const SSL_SYMBOLS = {
  OPENSSL_init_ssl: { parameters: ["u64", "pointer"], result: "i32" },
  TLS_server_method: { parameters: [], result: "pointer" },
  TLS_client_method: { parameters: [], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_ctrl: {
    parameters: ["pointer", "i32", "i64", "pointer"],
    result: "i32",
  },
  SSL_CTX_ctrl_string: {
    name: "SSL_CTX_ctrl",
    parameters: ["pointer", "i32", "i64", "buffer"],
    result: "i32",
  },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_set_ciphersuites: {
    parameters: ["pointer", "buffer"],
    result: "i32",
  },
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_num_tickets: { parameters: ["pointer", "usize"], result: "i32" },
  SSL_CTX_use_certificate: {
    parameters: ["pointer", "pointer"],
    result: "i32",
  },
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_check_private_key: { parameters: ["pointer"], result: "i32" },
  SSL_CTX_set_alpn_select_cb: {
    parameters: ["pointer", "function", "pointer"],
    result: "void",
  },
  SSL_CTX_set_alpn_protos: {
    parameters: ["pointer", "buffer", "u32"],
    result: "i32",
  },
  SSL_CTX_set_verify: {
    parameters: ["pointer", "i32", "pointer"],
    result: "void",
  },
  SSL_CTX_set_cert_verify_callback: {
    parameters: ["pointer", "function", "pointer"],
    result: "void",
  },
  SSL_select_next_proto: {
    parameters: ["pointer", "pointer", "pointer", "u32", "pointer", "u32"],
    result: "i32",
  },
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_set_bio: {
    parameters: ["pointer", "pointer", "pointer"],
    result: "void",
  },
  SSL_set0_rbio: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_set0_wbio: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  SSL_ctrl_string: {
    name: "SSL_ctrl",
    parameters: ["pointer", "i32", "i64", "buffer"],
    result: "i32",
  },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_has_pending: { parameters: ["pointer"], result: "i32" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_get_finished: {
    parameters: ["pointer", "buffer", "usize"],
    result: "i32",
  },
  SSL_get_peer_finished: {
    parameters: ["pointer", "buffer", "usize"],
    result: "i32",
  },
  SSL_get0_alpn_selected: {
    parameters: ["pointer", "buffer", "buffer"],
    result: "void",
  },
  SSL_get_servername: { parameters: ["pointer", "i32"], result: "pointer" },
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_get_peer_cert_chain: { parameters: ["pointer"], result: "pointer" },
  SSL_version: { parameters: ["pointer"], result: "i32" },
} as const;

// Values of openssl/ssl.h, tls1.h and bio.h of OpenSSL 3.0; stable in all of 3.
export const BIO_CTRL_RESET = 1;
export const SSL_ERROR_SSL = 1;
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
export const SSL_CTRL_SET_MAX_CERT_LIST = 51;
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_GROUPS_LIST = 92;
export const SSL_CTRL_SET_SIGALGS_LIST = 98;
export const SSL_CTRL_SET_CLIENT_SIGALGS_LIST = 102;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
export const SSL_MODE_NO_AUTO_CHAIN = 0x08;
export const SSL_MODE_RELEASE_BUFFERS = 0x10;
export const SSL_OP_LEGACY_SERVER_CONNECT = 1n << 2n;
export const SSL_OP_NO_TICKET = 1n << 14n;
export const SSL_OP_NO_COMPRESSION = 1n << 17n;
export const SSL_OP_NO_RENEGOTIATION = 1n << 30n;
export const SSL_VERIFY_PEER = 1;
export const TLS1_2_VERSION = 0x0303;
export const TLS1_3_VERSION = 0x0304;
export const TLSEXT_NAMETYPE_host_name = 0;
export const SSL_TLSEXT_ERR_OK = 0;
export const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
export const OPENSSL_NPN_NEGOTIATED = 1;
const OPENSSL_INIT_NO_LOAD_CONFIG = 0x80n;

function load() {
  const crypto = openLibrary("crypto", CRYPTO_SYMBOLS).symbols;
  const ssl = openLibrary("ssl", SSL_SYMBOLS).symbols;
  // The parameters of TLS are the protocol's: the machine's openssl.cnf must
  // not change them.
  crypto.OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, null);
  ssl.OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, null);
  return { ...crypto, ...ssl };
}

/** The loaded functions, by their C names. */
export type OpenSsl = ReturnType<typeof load>;

let loaded: OpenSsl | undefined;
let loadError: unknown;
// At import, so that no test and no listener has to own the library; a machine
// without OpenSSL 3 can still import this and is told at first use.
try {
  loaded = load();
} catch (error) {
  loadError = error;
}

/**
 * The functions of OpenSSL.
 *
 * @throws {NativeLibraryError} when OpenSSL 3 is not on this machine.
 */
export function openssl(): OpenSsl {
  if (loaded === undefined) throw loadError;
  return loaded;
}

/** A C string for a `buffer` parameter. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}

/**
 * Empties the error queue of this thread and returns what stood in it, oldest
 * first, as OpenSSL words it; `reason` alone of each entry
 * (`wrong version number`).
 */
export function takeErrors(api: OpenSsl): string {
  const reasons: string[] = [];
  const text = new Uint8Array(256);
  for (;;) {
    const code = api.ERR_get_error();
    if (code === 0n) break;
    api.ERR_error_string_n(code, text, BigInt(text.length));
    // error:0A00010B:SSL routines::wrong version number
    const line = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
    reasons.push(line.split(":").slice(4).join(":") || line);
  }
  return reasons.join("; ");
}
