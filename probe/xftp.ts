/**
 * Whether a relay can be used for files: what the app's "Test server" does.
 *
 * @module
 */

import {
  generateAuthKeyPair,
  randomBytes,
  sha256,
} from "../relay/crypto/mod.ts";
import { parseServerAddress, type ServerAddress } from "../relay/smp/mod.ts";
import { equalBytes } from "../relay/wire/mod.ts";
import { XftpClient, XftpClientError } from "../relay/xftp/client/mod.ts";
import {
  CHUNK_SIZES,
  supportedXftpVersions,
  XFTP_ALPN,
} from "../relay/xftp/versions.ts";
import { reach } from "./reach.ts";
import {
  PROBE_TIMEOUT_MS,
  type ProbeOptions,
  type ProbeResult,
  StepFailure,
  Steps,
} from "./steps.ts";

/** Port of addresses that have none. */
const DEFAULT_PORT = 443;

/**
 * Connects to a relay and, unless `full` is false, uploads the smallest chunk,
 * downloads it and deletes it again.
 *
 * @throws {AddressError} when `address` is text and no address
 * @throws the reason of `signal`
 */
export async function testXftp(
  address: string | ServerAddress,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const relay = typeof address === "string"
    ? parseServerAddress(address)
    : address;
  const port = relay.port === "" ? DEFAULT_PORT : Number(relay.port);
  const timeoutMs = options.timeoutMs ?? PROBE_TIMEOUT_MS;
  const steps = new Steps(options.signal);
  const reached = await reach(relay, port, {
    ...options,
    steps,
    alpn: XFTP_ALPN,
  });
  let version: number | undefined;
  if (reached !== undefined) {
    const { connection } = reached;
    const onAbort = () => connection.abort();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await using client = await steps.run(
        "handshake",
        () =>
          XftpClient.start(connection, {
            fingerprint: relay.fingerprint,
            versions: supportedXftpVersions,
            timeoutMs,
          }),
        { tell: (client) => `It speaks XFTP, version ${client.version}.` },
      );
      version = client?.version;
      if (client !== undefined && options.full !== false) {
        await useChunk(client, { steps, password: relay.password });
      }
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
      connection.abort();
    }
  }
  options.signal?.throwIfAborted();
  return {
    ok: steps.ok && reached !== undefined,
    scheme: "xftp",
    host: reached?.host,
    port,
    version,
    steps: steps.all,
  };
}

async function useChunk(
  client: XftpClient,
  { steps, password }: { steps: Steps; password: string | undefined },
): Promise<void> {
  const size = Math.min(...CHUNK_SIZES);
  const content = randomBytes(size);
  const digest = sha256(content);
  const senderKeys = generateAuthKeyPair("ed25519");
  const recipientKeys = generateAuthKeyPair("ed25519");
  const created = await steps.run("create", async () => {
    try {
      return await client.create({
        size,
        digest,
        senderKeys,
        recipientKeys: [recipientKeys.publicKey],
        password,
      });
    } catch (cause) {
      const refused = cause instanceof XftpClientError &&
        cause.refusal?.type === "AUTH";
      if (!refused) throw cause;
      throw new StepFailure(
        password === undefined
          ? "It lets nobody send files who does not know its password."
          : "It does not take the password in the address.",
        {
          cause,
          remedy: "Ask its owner for the address with the right password.",
        },
      );
    }
  }, { tell: () => `Announced a piece of ${size / 1024} KB.` });
  if (created === undefined) return;
  const sender = { id: created.senderId, key: senderKeys.privateKey };
  const uploaded = await steps.run("upload", async () => {
    await client.upload(sender, content);
    return true;
  }, { tell: () => "Uploaded it." });
  if (uploaded) {
    await steps.run("download", async () => {
      const back = await client.download({
        id: created.recipientIds[0],
        key: recipientKeys.privateKey,
      }, { size, digest });
      if (!equalBytes(back, content)) {
        throw new StepFailure("What came back is not what was sent.");
      }
      return true;
    }, { tell: () => "Downloaded it, and it is the same." });
  }
  await steps.run("delete", async () => {
    await client.delete(sender);
    return true;
  }, { tell: () => "Deleted it." });
}
