/** A proxy against destinations that do what no relay should. */

import assert from "node:assert/strict";
import {
  boxKey,
  cbEncryptNoPad,
  dh,
  generateX25519,
  pad,
  randomBytes,
  reverseNonce,
  unpad,
} from "../../crypto/mod.ts";
import { type Identity, loadOrCreateIdentity } from "../../identity/mod.ts";
import { Counters } from "../../stats/mod.ts";
import { BlockReader } from "../../transport/blocks.ts";
import {
  type Connection,
  listenTls,
  type TlsListener,
} from "../../transport/mod.ts";
import { bytesKey, concatBytes, EMPTY, Writer } from "../../wire/mod.ts";
import {
  decodeClientHello,
  encodeServerHello,
  type ServerHello,
} from "../handshake_codec.ts";
import type { Message } from "../messages.ts";
import {
  type CommandTransmission,
  decodeTransmissions,
  encodeMessageTransmission,
  transmissionParams,
} from "../transmission.ts";
import { BLOCK_SIZE, supportedVersions } from "../versions.ts";
import type { ProxyOptions } from "./options.ts";
import { SmpProxy } from "./proxy.ts";

/** What a destination does with a command. */
type Deed = (
  command: CommandTransmission & { command: { tag: "RFWD" } },
  secret: Uint8Array,
) => Message | Uint8Array | "close" | "silence";

interface Misbehaviour {
  /** The hello instead of the right one. */
  readonly hello?: (right: ServerHello) => ServerHello;
  readonly deed?: Deed;
}

/** A destination for one test: TLS and hello are real. */
class Destination implements AsyncDisposable {
  deed: Deed = () => "close";
  /** Whether it answers `PING`. */
  alive = true;
  readonly #identity: Identity;
  readonly #listener: TlsListener;
  readonly #directory: string;

  private constructor(
    identity: Identity,
    directory: string,
    { hello = (right) => right }: Misbehaviour,
  ) {
    this.#identity = identity;
    this.#directory = directory;
    this.#listener = listenTls({
      addresses: [{ hostname: "127.0.0.1", port: 0 }],
      credentials: { certificates: identity.chainPem, key: identity.keyPem },
      alpn: ["smp/1"],
      onConnection: (connection) => this.#serve(connection, hello),
    });
  }

  static async start(misbehaviour: Misbehaviour = {}): Promise<Destination> {
    const directory = await Deno.makeTempDir();
    const identity = await loadOrCreateIdentity(directory);
    return new Destination(identity, directory, misbehaviour);
  }

  get relay() {
    return {
      hosts: ["127.0.0.1"],
      port: String(this.#listener.addresses[0].port),
      fingerprint: this.#identity.fingerprint,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.stop();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #serve(
    connection: Connection,
    hello: (right: ServerHello) => ServerHello,
  ): Promise<void> {
    const blocks = new BlockReader(connection, BLOCK_SIZE);
    const { publicKey, privateKey } = generateX25519();
    const { sessionId } = connection;
    const right: ServerHello = {
      versions: supportedVersions,
      sessionId,
      key: {
        chain: this.#identity.chain,
        signedKey: this.#identity.signSessionKey(publicKey),
      },
    };
    write(connection, encodeServerHello(hello(right)));
    const block = await blocks.next();
    const answer = block && decodeClientHello(unpad(block) ?? EMPTY);
    if (answer?.key === undefined) return;
    assert.equal(answer.proxyServer, true);
    const secret = dh(answer.key, privateKey);
    assert.ok(secret);
    const params = transmissionParams(answer.version, sessionId);
    for (;;) {
      const block = await blocks.next();
      if (block === undefined) return;
      const [command] = decodeTransmissions(params, unpad(block) ?? EMPTY);
      assert.ok("command" in command);
      const { correlationId, command: { tag } } = command;
      assert.ok(tag === "RFWD" || tag === "PING");
      const done = command.command.tag === "RFWD"
        ? this.deed({ ...command, command: command.command }, secret)
        : this.alive
        ? { tag: "PONG" } as const
        : "silence";
      if (done === "silence") continue;
      if (done === "close") return connection.abort();
      const transmission = done instanceof Uint8Array
        ? concatBytes(
          new Writer().byte(0).short(correlationId).byte(0).finish(),
          done,
        )
        : encodeMessageTransmission(params, {
          correlationId,
          entityId: EMPTY,
          message: done,
        });
      write(connection, new Writer().byte(1).large(transmission).finish());
    }
  }
}

function write(connection: Connection, content: Uint8Array): void {
  const block = pad(content, BLOCK_SIZE);
  assert.ok(block);
  connection.write(block);
}

/** A proxy on its own, asked as a session would ask it. */
class TestProxy implements AsyncDisposable {
  readonly counters = new Counters();
  readonly #proxy: SmpProxy;

  constructor(options: Partial<ProxyOptions> = {}) {
    this.#proxy = new SmpProxy({
      enabled: true,
      versions: supportedVersions,
      clientConcurrency: 32,
      destinationConcurrency: 32,
      destinations: 10,
      idleAfterMs: 60_000,
      retryMs: 0,
      errorMemoryMs: 0,
      allowLocal: true,
      hostMode: "public",
      requiredHostMode: false,
      socksMode: "onion",
      ownDomains: [],
      ...options,
    }, this.counters);
  }

  async open({ relay }: Pick<Destination, "relay">): Promise<Message> {
    return await this.#run(
      this.#proxy.execute({ tag: "PRXY", relay }, {
        correlationId: EMPTY,
        entityId: EMPTY,
      }),
    );
  }

  async forward(sessionId: Uint8Array): Promise<Message> {
    return await this.#run(this.#proxy.execute({
      tag: "PFWD",
      version: 17,
      key: generateX25519().publicKey,
      transmission: randomBytes(100),
    }, { correlationId: randomBytes(24), entityId: sessionId }));
  }

  /** The counters that are not zero. */
  get counts(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.counters.snapshot()).filter(([, count]) => count > 0),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#proxy.stop();
  }

  async #run(answer: Message | (() => Promise<Message>)): Promise<Message> {
    return typeof answer === "function" ? await answer() : answer;
  }
}

function sessionIdOf(message: Message): Uint8Array {
  assert.equal(message.tag, "PKEY");
  return message.sessionId;
}

/** The error of the destination's making. */
function broker(message: Message): unknown {
  assert.ok(message.tag === "ERR" && message.error.type === "PROXY");
  const { error } = message.error;
  return error.type === "BROKER" ? error.error : error;
}

Deno.test("what the destination does wrong is called its doing", async () => {
  await using proxy = new TestProxy();
  await using destination = await Destination.start();
  const sessionId = sessionIdOf(await proxy.open(destination));
  const after = async (deed: Deed) => {
    destination.deed = deed;
    return await proxy.forward(sessionId);
  };
  const ascii = (text: string) => new Writer().ascii(text).finish();
  const sealed =
    (content: Uint8Array): Deed => ({ correlationId }, secret) => ({
      tag: "RRES",
      response: cbEncryptNoPad(content, {
        secret: boxKey(secret),
        nonce: reverseNonce(correlationId.slice()),
      }),
    });
  const protocol = (type: "AUTH" | "CRYPTO") => ({
    type: "PROTOCOL",
    error: { type },
  });
  const response = (message: string) => ({ type: "RESPONSE", message });
  assert.deepEqual(
    broker(await after(() => ({ tag: "ERR", error: { type: "AUTH" } }))),
    protocol("AUTH"),
  );
  assert.deepEqual(
    broker(await after(() => ({ tag: "PONG" }))),
    { type: "UNEXPECTED", message: "PONG" },
  );
  assert.deepEqual(
    broker(await after(() => ascii("NONSENSE"))),
    response("CMD UNKNOWN"),
  );
  assert.deepEqual(
    broker(await after(() => ascii("RRES"))),
    response("CMD SYNTAX"),
  );
  const garbage = randomBytes(200);
  assert.deepEqual(
    await after(() => ({ tag: "RRES", response: garbage })),
    { tag: "ERR", error: { type: "CRYPTO" } },
  );
  assert.deepEqual(broker(await after(sealed(EMPTY))), response("BLOCK"));
  // More than fits in the block for the client.
  const large = new Writer().short(EMPTY).bytes(randomBytes(16_243)).finish();
  assert.deepEqual(broker(await after(sealed(large))), response("BLOCK"));
  const box = randomBytes(16_242);
  const right = new Writer().short(randomBytes(24)).bytes(box).finish();
  assert.deepEqual(await after(sealed(right)), { tag: "PRES", response: box });
  assert.deepEqual(broker(await after(() => "close")), { type: "NETWORK" });
  assert.deepEqual(broker(await proxy.forward(sessionId)), {
    type: "NO_SESSION",
  });
  assert.deepEqual(proxy.counts, {
    pRelays_pRequests: 1,
    pRelays_pSuccesses: 1,
    pMsgFwds_pRequests: 10,
    pMsgFwds_pSuccesses: 2,
    pMsgFwds_pErrorsConnect: 1,
    pMsgFwds_pErrorsOther: 7,
  });
});

Deno.test("hellos that are not accepted", async () => {
  const refused = async (hello: (right: ServerHello) => ServerHello) => {
    await using proxy = new TestProxy();
    await using destination = await Destination.start({ hello });
    const message = await proxy.open(destination);
    const { pRelays_pErrorsOther } = proxy.counts;
    assert.equal(pRelays_pErrorsOther, 1);
    return broker(message);
  };
  const transport = (error: unknown) => ({ type: "TRANSPORT", error });
  assert.deepEqual(
    await refused((right) => ({ ...right, sessionId: randomBytes(32) })),
    transport({ type: "SESSION" }),
  );
  assert.deepEqual(
    await refused((right) => ({ ...right, versions: { min: 19, max: 20 } })),
    transport({ type: "VERSION" }),
  );
  assert.deepEqual(
    await refused((right) => ({
      ...right,
      key: right.key && { ...right.key, signedKey: randomBytes(100) },
    })),
    transport({ type: "HANDSHAKE", reason: "BAD_AUTH" }),
  );
});

Deno.test("a relay without a session key, and an old one, cannot be a destination", async () => {
  for (
    const [hello, error] of [
      [{ key: undefined }, { type: "NO_AUTH" }],
      [{ versions: { min: 6, max: 7 } }, { type: "VERSION" }],
    ] as const
  ) {
    await using proxy = new TestProxy();
    await using destination = await Destination.start({
      hello: (right) => ({ ...right, ...hello }),
    });
    const message = await proxy.open(destination);
    assert.deepEqual(broker(message), { type: "TRANSPORT", error });
    assert.deepEqual(proxy.counts, {
      pRelays_pRequests: 1,
      pRelays_pErrorsCompat: 1,
    });
  }
});

Deno.test("the owner's other relays are counted by themselves", async () => {
  await using proxy = new TestProxy({ ownDomains: ["localhost", "0.0.1"] });
  await using destination = await Destination.start();
  const sessionId = sessionIdOf(await proxy.open(destination));
  destination.deed = () => ({ tag: "ERR", error: { type: "AUTH" } });
  await proxy.forward(sessionId);
  const other = { ...destination.relay, hosts: ["localhost"] };
  const shared = sessionIdOf(await proxy.open({ relay: other }));
  assert.notEqual(bytesKey(shared), bytesKey(sessionId));
  assert.deepEqual(proxy.counts, {
    pRelays_pRequests: 2,
    pRelays_pSuccesses: 2,
    pRelaysOwn_pRequests: 2,
    pRelaysOwn_pSuccesses: 2,
    pMsgFwds_pRequests: 1,
    pMsgFwds_pSuccesses: 1,
    pMsgFwdsOwn_pRequests: 1,
    pMsgFwdsOwn_pSuccesses: 1,
  });
});

Deno.test("where all places are taken by busy relays there is none for another", async () => {
  await using proxy = new TestProxy({
    destinations: 1,
    destinationConcurrency: 1,
  });
  await using busy = await Destination.start();
  await using other = await Destination.start();
  const sessionId = sessionIdOf(await proxy.open(busy));
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  busy.deed = () => {
    resolve();
    return "close";
  };
  const forwarding = proxy.forward(sessionId);
  assert.deepEqual(broker(await proxy.open(other)), { type: "TIMEOUT" });
  await reached;
  assert.deepEqual(broker(await forwarding), { type: "NETWORK" });
  sessionIdOf(await proxy.open(other));
});

Deno.test("a connection that only looks alive is given up", async () => {
  const silenceMs = 60;
  await using proxy = new TestProxy({ silenceMs });
  await using destination = await Destination.start();
  const sessionId = sessionIdOf(await proxy.open(destination));
  destination.deed = () => "silence";
  let answered = false;
  const forwarding = proxy.forward(sessionId).finally(() => answered = true);
  // It answers late, but there is somebody.
  await new Promise((resolve) => setTimeout(resolve, 8 * silenceMs));
  assert.equal(answered, false);
  destination.alive = false;
  assert.deepEqual(broker(await forwarding), { type: "NETWORK" });
  assert.deepEqual(broker(await proxy.forward(sessionId)), {
    type: "NO_SESSION",
  });
});
