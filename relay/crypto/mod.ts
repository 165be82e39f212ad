/**
 * The protocol's cryptographic primitives by their protocol names, over native
 * libraries, all synchronous. SMP and XFTP say what is encrypted; this folder
 * says how.
 *
 * @module
 */

export {
  type AuthenticatedMessage,
  AUTHENTICATOR_SIZE,
  type AuthenticatorKeys,
  cbAuthenticate,
  cbVerify,
  cbVerifyWith,
  SessionAuthenticator,
} from "./authenticator.ts";
export {
  BLOCK_CONTENT_OFFSET,
  BlockChain,
  type BlockChains,
  type BlockKey,
  decryptBlock,
  encryptBlock,
  encryptBlockInPlace,
  initBlockChains,
  MAX_BLOCK_CONTENT,
} from "./block_chain.ts";
export {
  type BoxInput,
  type BoxKey,
  boxKey,
  boxMaxLength,
  type BoxSecret,
  cbDecrypt,
  cbDecryptNoPad,
  cbEncrypt,
  cbEncryptNoPad,
  openInPlace,
  sealInPlace,
  sealPadded,
  TAG_SIZE,
} from "./box.ts";
export { BoxStream } from "./box_stream.ts";
export { dummyAuthKey } from "./dummy.ts";
export { hkdf, type HkdfInput, sha256, sha3_384, sha512 } from "./hash.ts";
export {
  type AuthAlgorithm,
  type AuthKey,
  authKeyFromRaw,
  decodeAuthKey,
  decodeX25519Spki,
  encodeX25519Spki,
  rawKeyLength,
  type SignatureAlgorithm,
} from "./keys.ts";
export { canPad, pad, PADDING_OVERHEAD, padInPlace, unpad } from "./padding.ts";
export { decodePrivateAuthKey, encodePrivateAuthKey } from "./private_key.ts";
export { cbNonce, NONCE_SIZE, randomBytes, reverseNonce } from "./random.ts";
export {
  type AuthKeyPair,
  generateAuthKeyPair,
  type PrivateAuthKey,
  publicAuthKey,
  sign,
  signatureAlgorithm,
  type SignedMessage,
  verifySignature,
} from "./signature.ts";
export {
  dh,
  generateX25519,
  X25519_SIZE,
  type X25519KeyPair,
  x25519PublicKey,
} from "./x25519.ts";
