/**
 * Whether a relay can be used for messages: what the app's "Test server" does,
 * and a message on top.
 *
 * @module
 */

import {
  boxKey,
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
  randomBytes,
} from "../relay/crypto/mod.ts";
import {
  decryptReceivedMessage,
  type Message,
  parseServerAddress,
  type QueueIds,
  type Received,
  type ServerAddress,
  SmpClient,
  supportedVersions,
} from "../relay/smp/mod.ts";
import { equalBytes } from "../relay/wire/mod.ts";
import { reach } from "./reach.ts";
import {
  PROBE_TIMEOUT_MS,
  type ProbeOptions,
  type ProbeResult,
  StepFailure,
  Steps,
} from "./steps.ts";

/** Port of addresses that have none. */
const DEFAULT_PORT = 5223;

/** Length of the test message in bytes. */
const MESSAGE_SIZE = 64;

/**
 * Connects to a relay and, unless `full` is false, creates a queue, secures
 * it, sends a message, receives it and deletes the queue again.
 *
 * @throws {AddressError} when `address` is text and no address
 * @throws the reason of `signal`
 */
export async function testSmp(
  address: string | ServerAddress,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const relay = typeof address === "string"
    ? parseServerAddress(address)
    : address;
  const port = relay.port === "" ? DEFAULT_PORT : Number(relay.port);
  const steps = new Steps(options.signal);
  const reached = await reach(relay, port, {
    ...options,
    steps,
    alpn: "smp/1",
  });
  let version: number | undefined;
  if (reached !== undefined) {
    const { connection } = reached;
    const onAbort = () => connection.abort();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const inbox = new Inbox(options.timeoutMs ?? PROBE_TIMEOUT_MS);
      await using client = await steps.run(
        "handshake",
        () =>
          SmpClient.start(connection, {
            fingerprint: relay.fingerprint,
            versions: supportedVersions,
            timeoutMs: options.timeoutMs ?? PROBE_TIMEOUT_MS,
            onEvent: (event) => inbox.put(event),
          }),
        { tell: (client) => `It speaks SMP, version ${client.version}.` },
      );
      version = client?.version;
      if (client !== undefined && options.full !== false) {
        await useQueue(client, inbox, { steps, password: relay.password });
      }
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
      connection.abort();
    }
  }
  options.signal?.throwIfAborted();
  return {
    ok: steps.ok && reached !== undefined,
    scheme: "smp",
    host: reached?.host,
    port,
    version,
    steps: steps.all,
  };
}

/** The first message that comes. */
class Inbox {
  readonly #timeoutMs: number;
  readonly #came = Promise.withResolvers<Received>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  put(event: Received): void {
    if (event.message.tag === "MSG") this.#came.resolve(event);
  }

  /** @throws {StepFailure} when none comes in time */
  async take(): Promise<Received> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new StepFailure("The message never came back.")),
        this.#timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#came.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

interface TestQueue {
  readonly ids: QueueIds;
  readonly key: PrivateAuthKey;
  readonly secret: Uint8Array;
}

async function useQueue(
  client: SmpClient,
  inbox: Inbox,
  { steps, password }: { steps: Steps; password: string | undefined },
): Promise<void> {
  const queue = await steps.run("create", () => create(client, password), {
    tell: () => "Created a queue.",
  });
  if (queue === undefined) return;
  const { ids, key } = queue;
  const sender = generateAuthKeyPair("ed25519");
  const secured = await steps.run("secure", async () => {
    const command = { tag: "KEY", key: sender.publicKey } as const;
    const entityId = ids.recipientId;
    expectOk(await client.request({ command, entityId, key }));
    return true;
  }, { tell: () => "Secured it for one sender." });
  if (secured) {
    const body = randomBytes(MESSAGE_SIZE);
    const sent = await steps.run("send", async () => {
      expectOk(
        await client.request({
          command: { tag: "SEND", notification: false, body },
          entityId: ids.senderId,
          key: sender.privateKey,
        }),
      );
      return true;
    }, { tell: () => "Sent a message." });
    if (sent) {
      await steps.run(
        "receive",
        () => receive(client, queue, { inbox, body }),
        {
          tell: () => "Received it, and it is the same.",
        },
      );
    }
  }
  await steps.run("delete", async () => {
    const command = { tag: "DEL" } as const;
    expectOk(
      await client.request({ command, entityId: ids.recipientId, key }),
    );
    return true;
  }, { tell: () => "Deleted the queue." });
}

async function create(
  client: SmpClient,
  password: string | undefined,
): Promise<TestQueue> {
  const { publicKey, privateKey } = generateAuthKeyPair("ed25519");
  const dhKeys = generateX25519();
  const answer = await client.request({
    command: {
      tag: "NEW",
      request: {
        recipientKey: publicKey,
        recipientDhKey: dhKeys.publicKey,
        subscribe: true,
        queue: { mode: "M" },
        basicAuth: password === undefined
          ? undefined
          : new TextEncoder().encode(password),
      },
    },
    key: privateKey,
  });
  if (answer.tag === "ERR" && answer.error.type === "AUTH") {
    throw new StepFailure(
      password === undefined
        ? "It lets nobody create queues who does not know its password."
        : "It does not take the password in the address.",
      { remedy: "Ask its owner for the address with the right password." },
    );
  }
  if (answer.tag !== "IDS") throw unexpected(answer);
  const { ids } = answer;
  const secret = dh(ids.relayDhKey, dhKeys.privateKey);
  if (secret === undefined) {
    throw new StepFailure("It answered with a key that cannot be used.");
  }
  return { ids, key: privateKey, secret };
}

async function receive(
  client: SmpClient,
  { ids, key, secret }: TestQueue,
  { inbox, body }: { inbox: Inbox; body: Uint8Array },
): Promise<true> {
  const { message } = await inbox.take();
  if (message.tag !== "MSG") throw unexpected(message);
  const received = decryptReceivedMessage(message.body, {
    secret: boxKey(secret),
    messageId: message.messageId,
  });
  if (received?.type !== "message" || !equalBytes(received.body, body)) {
    throw new StepFailure("What came back is not the message that was sent.");
  }
  const command = { tag: "ACK", messageId: message.messageId } as const;
  expectOk(await client.request({ command, entityId: ids.recipientId, key }));
  return true;
}

function expectOk(answer: Message): void {
  if (answer.tag !== "OK") throw unexpected(answer);
}

function unexpected(answer: Message): StepFailure {
  if (answer.tag !== "ERR") {
    return new StepFailure(`It answered ${answer.tag}, which is wrong here.`);
  }
  const { type } = answer.error;
  switch (type) {
    case "AUTH":
      return new StepFailure("It refused (AUTH).");
    case "QUOTA":
      return new StepFailure(
        "It is full at the moment: it takes no more for now.",
      );
    default:
      return new StepFailure(`It answered with an error (${type}).`);
  }
}
