/**
 * Sessions recorded between clients and servers of the reference, computed
 * again from our own codecs and encryption: every block must have the recorded
 * content and the recorded bytes on the wire.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type AuthKey,
  authKeyFromRaw,
  type BlockChains,
  cbEncrypt,
  cbEncryptNoPad,
  cbVerify,
  dh,
  encryptBlock,
  initBlockChains,
  pad,
  reverseNonce,
  verifySignature,
} from "../crypto/mod.ts";
import { concatBytes, Writer } from "../wire/mod.ts";
import {
  bytesOf,
  readVectorFile,
  sha256Hex,
  Vector,
} from "../../tests/vectors.ts";
import { packTransmissions } from "./batch.ts";
import type { Command } from "./commands.ts";
import {
  decodeClientHello,
  decodeServiceResponse,
  encodeClientHello,
  encodeServiceResponse,
} from "./handshake_codec.ts";
import { writeDhKey } from "./key_codec.ts";
import type { Message } from "./messages.ts";
import { encryptReceivedMessage } from "./received_message.ts";
import {
  authorizeTransmission,
  type CommandTransmission,
  decodeMessageTransmissions,
  decodeTransmissions,
  encodeCommandTransmission,
  encodeMessageTransmission,
  signedBytes,
  type TransmissionIds,
  type TransmissionParams,
  transmissionParams,
} from "./transmission.ts";
import { BLOCK_SIZE } from "./versions.ts";

/** Size to which both layers of a forwarded transmission are padded. */
const PADDED_FORWARDED_LENGTH = 16226;

const transcripts = new Vector(readVectorFile("smp_transcripts.json.gz"));
const names = [
  "basic-v9",
  "basic-v12",
  "basic-v18",
  "batch-v9",
  "batch-v18",
  "notifications-v9",
  "notifications-v18",
  "proxied-v10",
  "proxied-v18",
  "service-v18",
  "short-link-v18",
];

for (const name of names) {
  Deno.test(`recorded session: ${name}`, () => {
    const transcript = transcripts.object(name);
    const connections = new Map(
      transcript.objects("connections").map((connection) => [
        connection.text("name"),
        new RecordedConnection(connection, transcript),
      ]),
    );
    let compared = 0;
    for (const block of transcript.objects("blocks")) {
      const connection = connections.get(block.text("connection"));
      assert.ok(connection !== undefined);
      if (connection.replay(block)) compared++;
    }
    // The relays' hellos and PKEY are not recorded here, see the README.
    const missing = transcript.objects("blocks").length - compared;
    assert.ok(missing <= 5, `${missing} blocks not compared`);
  });
}

class RecordedConnection {
  readonly #params: TransmissionParams;
  readonly #keys: RecordedKeys;
  readonly #chains: BlockChains;
  readonly #queue: Vector;
  /** DH secret of both session keys; between proxy and relay. */
  readonly #secret: Uint8Array;
  /** Version between proxy and relay. */
  readonly #relayVersion: number;
  /** Forwarded transmissions by the proxy's nonce, in the order sent. */
  readonly #forwardedByNonce = new Map<string, Vector>();

  constructor(connection: Vector, transcript: Vector) {
    const sessionId = connection.bytes("tlsUnique");
    const serverKey = connection.object("serverSessionKey").bytes("private");
    const secret = dh(
      connection.object("clientSessionKey").bytes("public"),
      serverKey,
    );
    assert.ok(secret !== undefined);
    this.#params = transmissionParams(connection.number("version"), sessionId);
    this.#queue = transcript.object("queue");
    this.#keys = new RecordedKeys(transcript.get("queue"), serverKey);
    this.#chains = initBlockChains(sessionId, secret);
    this.#secret = secret;
    this.#relayVersion = transcript.has("relayVersion")
      ? transcript.number("relayVersion")
      : 0;
  }

  /** Computes a block again; false when its content was not recorded. */
  replay(block: Vector): boolean {
    const fromServer = block.text("from") === "server";
    const content = this.#content(block, fromServer);
    const encrypted = block.boolean("encrypted");
    const chain = fromServer
      ? this.#chains.serverToClient
      : this.#chains.clientToServer;
    if (content === undefined) {
      if (encrypted) chain.next();
      return false;
    }
    if (block.has("contentSha256")) {
      assert.equal(sha256Hex(content), block.text("contentSha256"));
    }
    const bytes = encrypted
      ? encryptBlock(chain, content)
      : pad(content, BLOCK_SIZE);
    assert.ok(bytes !== undefined);
    assert.equal(
      sha256Hex(bytes),
      block.text("blockSha256"),
      `block ${block.number("n")}`,
    );
    return true;
  }

  #content(block: Vector, fromServer: boolean): Uint8Array | undefined {
    if (!block.has("content")) return this.#rebuiltContent(block);
    const content = block.bytes("content");
    const again = block.text("kind") === "handshake"
      ? handshakeAgain(content, fromServer)
      : this.#transmissionsAgain(block, fromServer);
    assert.equal(comparable(again), comparable(content));
    return content;
  }

  /** Decodes the transmissions of a block and encodes them again. */
  #transmissionsAgain(block: Vector, fromServer: boolean): Uint8Array {
    const content = block.bytes("content");
    const summaries = block.objects("transmissions");
    const encoded = fromServer
      ? messagesAgain(this.#params, content, summaries)
      : commandsAgain(this.#params, content, {
        summaries,
        keys: this.#keys,
      });
    return packed(encoded);
  }

  /** Content that is recorded by its inputs, because it is long. */
  #rebuiltContent(block: Vector): Uint8Array | undefined {
    if (!block.has("transmissions")) return undefined;
    const [summary] = block.objects("transmissions");
    const ids = {
      correlationId: summary.bytes("corrId"),
      entityId: summary.bytes("entityId"),
    };
    switch (summary.text("tag")) {
      case "MSG":
        if (!block.has("message")) return undefined;
        return this.#message(ids, receivedMessage(block.object("message")));
      case "PFWD":
        return this.#command(ids, this.#forwardCommand(ids.correlationId));
      case "RFWD":
        return this.#command(ids, this.#forwardedCommand(ids.correlationId));
      case "RRES":
        return this.#message(ids, this.#forwardedResponse(ids.correlationId));
      case "PRES":
        return this.#message(ids, {
          tag: "PRES",
          response: encryptedResponse(this.#forwarded(ids.correlationId)),
        });
      default:
        return undefined;
    }
  }

  #message(
    ids: TransmissionIds,
    message: Message,
  ): Uint8Array {
    return packed([
      encodeMessageTransmission(this.#params, { ...ids, message }),
    ]);
  }

  #command(
    ids: TransmissionIds,
    command: Command,
  ): Uint8Array {
    const transmission = encodeCommandTransmission(this.#params, {
      ...ids,
      command,
    });
    return packed([authorizeTransmission(this.#params, transmission)]);
  }

  #forwarded(correlationId: Uint8Array): Vector {
    const [forwarded] = this.#queue.objects("forwarded").filter((candidate) =>
      candidate.text("corrId") === correlationId.toHex()
    );
    return forwarded;
  }

  /** What a client sends to the proxy. */
  #forwardCommand(correlationId: Uint8Array): Command {
    const forwarded = this.#forwarded(correlationId);
    const key = forwarded.object("commandKey");
    const relayKey = this.#queue.bytes("relaySessionPublicKey");
    const secret = dh(relayKey, key.bytes("private"));
    assert.ok(secret !== undefined);
    const transmission = cbEncrypt(forwarded.bytes("innerContent"), {
      secret,
      nonce: correlationId,
      paddedLength: PADDED_FORWARDED_LENGTH,
    });
    assert.ok(transmission !== undefined);
    const version = this.#forwardedVersion();
    return { tag: "PFWD", version, key: key.bytes("public"), transmission };
  }

  /** The forwarded transmission that the proxy sends with this nonce. */
  #forwardedCommand(nonce: Uint8Array): Command {
    const next = this.#forwardedByNonce.size;
    const forwarded = this.#queue.objects("forwarded")[next];
    this.#forwardedByNonce.set(nonce.toHex(), forwarded);
    this.#assertInnerTransmissions(forwarded);
    const correlationId = forwarded.bytes("corrId");
    const command = this.#forwardCommand(correlationId);
    assert.ok(command.tag === "PFWD");
    const writer = new Writer(BLOCK_SIZE);
    writer.short(correlationId).u16(command.version);
    writeDhKey(writer, command.key);
    writer.bytes(command.transmission);
    const secret = this.#secret;
    return {
      tag: "RFWD",
      transmission: cbEncryptNoPad(writer.finish(), { secret, nonce }),
    };
  }

  #forwardedResponse(nonce: Uint8Array): Message {
    const forwarded = this.#forwardedByNonce.get(nonce.toHex());
    assert.ok(forwarded !== undefined);
    const writer = new Writer(BLOCK_SIZE);
    writer.short(forwarded.bytes("corrId"));
    writer.bytes(encryptedResponse(forwarded));
    const response = cbEncryptNoPad(writer.finish(), {
      secret: this.#secret,
      nonce: reverseNonce(nonce),
    });
    return { tag: "RRES", response };
  }

  /** A proxy hides from the relay which clients know version 18. */
  #forwardedVersion(): number {
    return Math.min(17, this.#relayVersion);
  }

  /** The command inside, and the response to it, in the session of the relay. */
  #assertInnerTransmissions(forwarded: Vector): void {
    const params = transmissionParams(
      this.#forwardedVersion(),
      this.#queue.bytes("relaySessionId"),
    );
    const inner = forwarded.bytes("innerContent");
    const commands = commandsAgain(params, inner, { keys: this.#keys });
    assert.deepEqual(packed(commands), inner);
    const response = forwarded.bytes("innerResponse");
    assert.deepEqual(packed(messagesAgain(params, response)), response);
  }
}

/** The keys of a scenario, to find the one that authorised a command. */
class RecordedKeys {
  readonly #keys: AuthKey[] = [];
  /** Hashes of service certificates, which are signed with the command. */
  readonly #certificateHashes: Uint8Array[] = [];
  readonly #serverKey: Uint8Array;

  constructor(queue: unknown, serverKey: Uint8Array) {
    this.#serverKey = serverKey;
    this.#collect(queue);
  }

  #collect(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    if ("alg" in value && "public" in value) {
      const { alg, public: raw } = value;
      assert.ok(alg === "ed25519" || alg === "ed448" || alg === "x25519");
      this.#keys.push(authKeyFromRaw(alg, bytesOf(raw)));
    }
    if ("certHash" in value) {
      this.#certificateHashes.push(bytesOf(value.certHash));
    }
    Object.values(value).forEach((field) => this.#collect(field));
  }

  /** Asserts that a key of the scenario authorised what we call signed. */
  assertAuthorised(transmission: CommandTransmission): void {
    const { authorization, correlationId: nonce, command } = transmission;
    if (authorization === undefined) return;
    const { bytes, serviceSignature } = authorization;
    const signed = signedBytes(transmission);
    const messages = serviceSignature === undefined
      ? [signed]
      : this.#certificateHashes.map((hash) => concatBytes(hash, signed));
    const found = messages.some((message) =>
      this.#keys.some((key) =>
        key.algorithm === "x25519"
          ? cbVerify(
            { publicKey: key.raw, privateKey: this.#serverKey },
            { nonce, message, authenticator: bytes },
          )
          : verifySignature(key, { message, signature: bytes })
      )
    );
    assert.ok(found, `authorization of ${command.tag}`);
    if (serviceSignature === undefined) return;
    assert.ok(
      this.#keys.some((key) =>
        verifySignature(key, { message: signed, signature: serviceSignature })
      ),
      `service signature of ${command.tag}`,
    );
  }
}

/**
 * Content as hex. Times in `INFO` are as exact as the reference's clock; ours
 * are read to the millisecond, so what is finer is left out here, and the
 * length before it.
 */
function comparable(content: Uint8Array): string {
  const text = String.fromCharCode(...content);
  if (!text.includes("INFO {")) return content.toHex();
  return text.slice(3).replace(/(\.\d{3})\d*Z/, "$1Z");
}

function handshakeAgain(content: Uint8Array, fromServer: boolean): Uint8Array {
  if (fromServer) {
    const response = decodeServiceResponse(content);
    assert.ok(response !== undefined);
    return encodeServiceResponse(response);
  }
  const hello = decodeClientHello(content);
  assert.ok(hello !== undefined);
  return encodeClientHello(hello);
}

/** Decodes commands, checks who authorised them, encodes them again. */
function commandsAgain(
  params: TransmissionParams,
  content: Uint8Array,
  options: { readonly keys: RecordedKeys; readonly summaries?: Vector[] },
): Uint8Array[] {
  return decodeTransmissions(params, content).map((transmission, i) => {
    assert.ok("command" in transmission);
    const { authorization, command } = transmission;
    const summary = options.summaries?.[i];
    if (summary !== undefined) {
      assertSummary(summary, { ...transmission, tag: command.tag });
      assert.equal(
        authorization?.bytes.toHex(),
        summary.get("auth"),
      );
      assert.equal(
        authorization?.serviceSignature?.toHex(),
        summary.get("serviceSignature"),
      );
    }
    options.keys.assertAuthorised(transmission);
    const again = encodeCommandTransmission(params, transmission);
    return authorizeTransmission(params, again, authorization);
  });
}

/** Decodes messages and encodes them again. */
function messagesAgain(
  params: TransmissionParams,
  content: Uint8Array,
  summaries?: Vector[],
): Uint8Array[] {
  return decodeMessageTransmissions(params, content).map((transmission, i) => {
    assert.ok("message" in transmission);
    const summary = summaries?.[i];
    if (summary !== undefined) {
      assertSummary(summary, {
        ...transmission,
        tag: transmission.message.tag,
      });
    }
    return encodeMessageTransmission(params, transmission);
  });
}

function assertSummary(
  summary: Vector,
  transmission: TransmissionIds & { readonly tag: string },
): void {
  assert.equal(transmission.tag, summary.text("tag"));
  assert.deepEqual(transmission.correlationId, summary.bytes("corrId"));
  assert.deepEqual(transmission.entityId, summary.bytes("entityId"));
}

function packed(transmissions: Uint8Array[]): Uint8Array {
  const [batch, ...more] = packTransmissions(transmissions);
  assert.ok(batch.error === undefined && more.length === 0);
  return batch.content;
}

function receivedMessage(fields: Vector): Message {
  const messageId = fields.bytes("messageId");
  const body = encryptReceivedMessage({
    type: "message",
    time: fields.number("time"),
    notification: fields.boolean("notification"),
    body: fields.bytes("body"),
  }, { secret: fields.bytes("secret"), messageId });
  return { tag: "MSG", messageId, body };
}

function encryptedResponse(forwarded: Vector): Uint8Array {
  const response = cbEncrypt(forwarded.bytes("innerResponse"), {
    secret: forwarded.bytes("secret"),
    nonce: reverseNonce(forwarded.bytes("corrId")),
    paddedLength: PADDED_FORWARDED_LENGTH,
  });
  assert.ok(response !== undefined);
  return response;
}
