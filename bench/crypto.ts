/**
 * What each cryptographic primitive costs here, and what the other native
 * routes would cost: the reason for the route that `relay/crypto/` takes.
 *
 * Run: `deno run -A bench/crypto.ts`
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import sodium from "sodium-native";
import {
  BlockChain,
  boxKey,
  boxMaxLength,
  BoxStream,
  cbAuthenticate,
  cbNonce,
  cbVerify,
  decryptBlock,
  dh,
  encodeX25519Spki,
  encryptBlockInPlace,
  generateAuthKeyPair,
  generateX25519,
  hkdf,
  initBlockChains,
  openInPlace,
  randomBytes,
  sealInPlace,
  SessionAuthenticator,
  sha512,
  sign,
  verifySignature,
} from "../relay/crypto/mod.ts";
import { openLibrary } from "../relay/native/mod.ts";

/** Time for each measurement, in milliseconds. */
const BUDGET = 150;

/** Prints the microseconds of one call: the best of five rounds. */
function measure(name: string, call: () => unknown): void {
  const begin = performance.now();
  let calls = 0;
  while (performance.now() - begin < BUDGET / 5) {
    call();
    calls++;
  }
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    best = Math.min(best, (performance.now() - start) * 1000 / calls);
  }
  console.log(`${name.padEnd(56)} ${best.toFixed(2).padStart(9)} µs`);
}

function title(text: string): void {
  console.log(`\n${text}`);
}

const libcrypto = openLibrary("crypto", {
  EVP_sha512: { parameters: [], result: "pointer" },
  HMAC: {
    parameters: [
      "pointer",
      "buffer",
      "i32",
      "buffer",
      "usize",
      "buffer",
      "pointer",
    ],
    result: "pointer",
  },
  EVP_PKEY_new_raw_public_key: {
    parameters: ["i32", "pointer", "buffer", "usize"],
    result: "pointer",
  },
  EVP_PKEY_new_raw_private_key: {
    parameters: ["i32", "pointer", "buffer", "usize"],
    result: "pointer",
  },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_CTX_new: { parameters: ["pointer", "pointer"], result: "pointer" },
  EVP_PKEY_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_derive_init: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_derive_set_peer: {
    parameters: ["pointer", "pointer"],
    result: "i32",
  },
  EVP_PKEY_derive: {
    parameters: ["pointer", "buffer", "buffer"],
    result: "i32",
  },
  EVP_MD_CTX_new: { parameters: [], result: "pointer" },
  EVP_MD_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_DigestVerifyInit: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  EVP_DigestVerify: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
});
const native = libcrypto.symbols;

function x25519(): void {
  title("X25519");
  const own = generateX25519();
  const peer = generateX25519();
  measure("* libsodium (dh)", () => dh(peer.publicKey, own.privateKey));
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b656e04220420", "hex"),
    own.privateKey,
  ]);
  const spki = Buffer.from(encodeX25519Spki(peer.publicKey));
  const privateKey = () =>
    createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const publicKey = () =>
    createPublicKey({ key: spki, format: "der", type: "spki" });
  measure(
    "  node:crypto, keys made each time",
    () => diffieHellman({ publicKey: publicKey(), privateKey: privateKey() }),
  );
  const ready = { publicKey: publicKey(), privateKey: privateKey() };
  measure("  node:crypto, keys ready", () => diffieHellman(ready));
  const secret = new Uint8Array(32);
  const length = new BigUint64Array([32n]);
  const key = native.EVP_PKEY_new_raw_private_key(
    1034,
    null,
    own.privateKey,
    32n,
  );
  measure("  OpenSSL through FFI, private key ready", () => {
    const theirs = native.EVP_PKEY_new_raw_public_key(
      1034,
      null,
      peer.publicKey,
      32n,
    );
    const context = native.EVP_PKEY_CTX_new(key, null);
    native.EVP_PKEY_derive_init(context);
    native.EVP_PKEY_derive_set_peer(context, theirs);
    native.EVP_PKEY_derive(context, secret, length);
    native.EVP_PKEY_CTX_free(context);
    native.EVP_PKEY_free(theirs);
  });
  native.EVP_PKEY_free(key);
  measure("* new key pair (generateX25519)", generateX25519);
}

function signatures(): void {
  const message = randomBytes(150);
  for (const algorithm of ["ed25519", "ed448"] as const) {
    title(`${algorithm}, message of 150 bytes`);
    const { publicKey, privateKey } = generateAuthKeyPair(algorithm);
    const signature = sign(message, privateKey);
    measure(
      "* verifySignature",
      () => verifySignature(publicKey, { message, signature }),
    );
    const wrong = signature.with(3, signature[3] ^ 1);
    measure(
      "* verifySignature of a wrong one",
      () => verifySignature(publicKey, { message, signature: wrong }),
    );
    const spki = Buffer.from(publicKey.spki);
    const made = () =>
      createPublicKey({ key: spki, format: "der", type: "spki" });
    measure(
      "  node:crypto, key made each time",
      () => nodeVerify(null, message, made(), signature),
    );
    const ready = made();
    measure(
      "  node:crypto, key ready",
      () => nodeVerify(null, message, ready, signature),
    );
    measure("  OpenSSL through FFI", () => {
      const key = native.EVP_PKEY_new_raw_public_key(
        algorithm === "ed448" ? 1088 : 1087,
        null,
        publicKey.raw,
        BigInt(publicKey.raw.length),
      );
      const context = native.EVP_MD_CTX_new();
      native.EVP_DigestVerifyInit(context, null, null, null, key);
      native.EVP_DigestVerify(
        context,
        signature,
        BigInt(signature.length),
        message,
        BigInt(message.length),
      );
      native.EVP_MD_CTX_free(context);
      native.EVP_PKEY_free(key);
    });
    if (algorithm === "ed25519") {
      measure(
        "  libsodium",
        () =>
          sodium.crypto_sign_verify_detached(signature, message, publicKey.raw),
      );
    }
    measure("* sign", () => sign(message, privateKey));
    const nodeKey = generateKeyPairSync("ed25519").privateKey;
    if (algorithm === "ed25519") {
      measure(
        "  node:crypto, key ready",
        () => nodeSign(null, message, nodeKey),
      );
    }
  }
}

function hashes(): void {
  title("SHA-512 and HKDF");
  for (const size of [150, 16000]) {
    const data = randomBytes(size);
    const digest = new Uint8Array(64);
    measure(`* sha512 of ${size} bytes`, () => sha512(data));
    measure("  node:crypto", () => createHash("sha512").update(data).digest());
    measure("  libsodium", () => sodium.crypto_hash_sha512(digest, data));
  }
  const info = new TextEncoder().encode("SimpleXSbChain");
  const empty = new Uint8Array(0);
  const secret = randomBytes(32);
  const chain = new BlockChain(secret);
  measure("* BlockChain.next: HKDF with the salt ready", () => chain.next());
  measure("* hkdf", () => hkdf(secret, { salt: empty, info, length: 88 }));
  measure(
    "  node:crypto hkdfSync",
    () => hkdfSync("sha512", secret, empty, info, 88),
  );
  const sha = native.EVP_sha512();
  const output = new Uint8Array(64);
  measure("  OpenSSL HMAC(), three for one HKDF", () => {
    native.HMAC(sha, empty, 0, secret, 32n, output, null);
    native.HMAC(sha, output, 64, info, 15n, output, null);
    native.HMAC(sha, output, 64, output, 64n, output, null);
  });
}

function boxes(): void {
  title("XSalsa20-Poly1305 by libsodium, HSalsa20 in JavaScript");
  const secret = randomBytes(32);
  const nonce = randomBytes(24);
  const key = boxKey(secret);
  measure("* boxKey: HSalsa20", () => boxKey(secret));
  for (const size of [80, 16384]) {
    const box = new Uint8Array(size);
    measure(
      `* sealInPlace, ${size} bytes`,
      () => sealInPlace(box, { secret: key, nonce }),
    );
    // A box that opens only once, so that each call has to seal one as well.
    measure("* sealInPlace and openInPlace", () => {
      sealInPlace(box, { secret: key, nonce });
      openInPlace(box, { secret: key, nonce });
    });
  }
  const stream = new BoxStream({ secret, nonce });
  const piece = new Uint8Array(65536);
  measure("* BoxStream.encrypt, 64 KB", () => stream.encrypt(piece));
  measure("* randomBytes(24)", () => randomBytes(24));
}

function wholeMessage(): void {
  title("A message of 16 KiB through the relay");
  const [client, server] = [generateX25519(), generateX25519()];
  const sessionId = randomBytes(64);
  const secret = randomBytes(32);
  const near = initBlockChains(sessionId, secret);
  const far = initBlockChains(sessionId, secret);
  const block = randomBytes(16384);
  measure("* encryptBlockInPlace and decryptBlock: two blocks", () => {
    encryptBlockInPlace(near.serverToClient, { block, contentLength: 16000 });
    decryptBlock(far.serverToClient, block);
  });
  const message = randomBytes(16100);
  const nonce = cbNonce(randomBytes(24));
  const authenticator = cbAuthenticate(
    { publicKey: server.publicKey, privateKey: client.privateKey },
    { nonce, message },
  ) ?? new Uint8Array(0);
  const signed = { nonce, message, authenticator };
  const keys = {
    publicKey: client.publicKey,
    privateKey: server.privateKey,
  };
  measure("* cbVerify, 16 KB", () => cbVerify(keys, signed));
  const session = new SessionAuthenticator(server.privateKey);
  measure(
    "* SessionAuthenticator.verify, key remembered",
    () => session.verify(client.publicKey, signed),
  );
  const body = message.subarray(0, 16050);
  const recipient = boxKey(secret);
  measure(
    "* boxMaxLength: body for the recipient",
    () => boxMaxLength([body], { secret: recipient, nonce, maxLength: 16104 }),
  );
}

if (import.meta.main) {
  console.log(
    `Deno ${Deno.version.deno}, ${Deno.build.target}; * is what relay/crypto does`,
  );
  x25519();
  signatures();
  hashes();
  boxes();
  wholeMessage();
  libcrypto.close();
}
