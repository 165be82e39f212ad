/**
 * Files through the relay: uploads, downloads, and what they cost the server.
 *
 * @module
 */

import { randomFillSync } from "node:crypto";
import {
  type AuthKeyPair,
  generateAuthKeyPair,
  sha256,
} from "../relay/crypto/mod.ts";
import { dialXftp, type XftpClient } from "../relay/xftp/client/mod.ts";
import { type Target, usage } from "./target.ts";

const CHUNK = 4 * 1024 * 1024;
/** Chunks that a client has under way at a time. */
const AT_ONCE = 4;
/** Chunks that are uploaded, and then downloaded again and again. */
const CHUNKS = 96;
/** Transfers at a time while memory is measured. */
const TRANSFERS = 100;
const MB = 1e6;

/** Result for one number of clients. */
export interface TransferResult {
  readonly upload: DirectionResult;
  readonly download: DirectionResult;
}

/** Result for one direction. */
export interface DirectionResult {
  /** MB a second, of 10^6 bytes. */
  readonly perSecond: number;
  /** CPU of the server for each MB, in milliseconds. */
  readonly cpuMs: number;
}

interface Stored {
  readonly id: Uint8Array;
  readonly keys: AuthKeyPair;
}

const content = randomFillSync(new Uint8Array(CHUNK));
const digest = sha256(content);

/** Uploads and then downloads with `clients` connections. */
export async function measureTransfers(
  target: Target,
  { clients: count, seconds }: { clients: number; seconds: number },
): Promise<TransferResult> {
  const clients = await connect(target, count);
  const atOnce = count === 1 ? AT_ONCE : 1;
  try {
    const stored: Stored[] = [];
    await upload(clients[0], stored);
    let left = CHUNKS;
    const uploads = await measure(target, clients, {
      atOnce,
      step: async (client) => {
        if (left-- <= 0) return false;
        await upload(client, stored);
        return true;
      },
    });
    const until = performance.now() + seconds * 1000;
    let next = 0;
    const downloads = await measure(target, clients, {
      atOnce,
      step: async (client) => {
        if (performance.now() > until) return false;
        const { id, keys } = stored[next++ % stored.length];
        await client.download({ id, key: keys.privateKey }, {
          size: CHUNK,
          digest,
        });
        return true;
      },
    });
    return { upload: uploads, download: downloads };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/**
 * Growth of the server's memory in bytes while 100 transfers run, half of them
 * in each direction.
 */
export async function measureTransferMemory(
  target: Target,
  { seconds }: { seconds: number },
): Promise<number> {
  const clients = await connect(target, TRANSFERS);
  try {
    const stored: Stored[] = [];
    await upload(clients[0], stored);
    const before = usage(target).rss;
    const [{ id, keys }] = stored;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, usage(target).rss);
    }, 50);
    const until = performance.now() + seconds * 1000;
    await Promise.all(clients.map(async (client, index) => {
      while (performance.now() < until) {
        if (index % 2 === 0) await upload(client, []);
        else {
          await client.download({ id, key: keys.privateKey }, {
            size: CHUNK,
            digest,
          });
        }
      }
    }));
    clearInterval(watch);
    return most - before;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function measure(
  target: Target,
  clients: readonly XftpClient[],
  { atOnce, step }: {
    atOnce: number;
    step: (client: XftpClient) => Promise<boolean>;
  },
): Promise<DirectionResult> {
  let steps = 0;
  const before = usage(target);
  const began = performance.now();
  await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: atOnce }, async () => {
        while (await step(client)) steps++;
      })
    ),
  );
  const elapsed = (performance.now() - began) / 1000;
  const megabytes = steps * CHUNK / MB;
  return {
    perSecond: megabytes / elapsed,
    cpuMs: (usage(target).cpuMs - before.cpuMs) / megabytes,
  };
}

async function upload(client: XftpClient, stored: Stored[]): Promise<void> {
  const senderKeys = generateAuthKeyPair("ed25519");
  const keys = generateAuthKeyPair("ed25519");
  const { senderId, recipientIds } = await client.create({
    size: CHUNK,
    digest,
    senderKeys,
    recipientKeys: [keys.publicKey],
  });
  await client.upload({ id: senderId, key: senderKeys.privateKey }, content);
  stored.push({ id: recipientIds[0], keys });
}

function connect(target: Target, count: number): Promise<XftpClient[]> {
  return Promise.all(Array.from({ length: count }, () =>
    dialXftp({
      hosts: ["127.0.0.1"],
      port: String(target.port),
      fingerprint: target.fingerprint,
    })));
}
