/**
 * The server for messages as it was configured.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { ShareGate, SmpOptions } from "./smp/mod.ts";

/** The settings of `[smp]`, and those of others that it is bound by. */
export function smpOptions(
  { smp, clients, limits }: Config,
  share?: ShareGate,
): SmpOptions {
  return {
    share,
    versions: { min: smp.minVersion, max: smp.maxVersion },
    newQueues: smp.newQueues,
    createPassword: smp.createPassword === ""
      ? undefined
      : new TextEncoder().encode(smp.createPassword),
    messagesPerQueue: smp.messagesPerQueue,
    messageTtlSeconds: smp.messageExpirySeconds ?? undefined,
    messageExpiryCheckMs: smp.messageExpiryCheckMs,
    expireOnSend: smp.expireOnSend,
    expireOnStart: smp.expireOnStart,
    notificationIntervalMs: smp.notificationDeliveryIntervalMs,
    notificationTtlSeconds: smp.notificationExpirySeconds,
    notificationExpiryCheckMs: smp.notificationExpiryCheckMs,
    endDelayMs: smp.endDelayMs,
    handshakeTimeoutMs: smp.handshakeTimeoutMs,
    inactiveAfterMs: clients.disconnectInactive
      ? clients.inactiveAfterMs
      : undefined,
    inactiveCheckMs: clients.inactiveCheckMs,
    pendingPerConnection: limits.pendingPerConnection,
    outputPerConnection: limits.outputPerConnectionBytes,
    limits: {
      queues: limits.queues,
      messages: limits.messages,
      newQueuesPerMinute: limits.newQueuesPerMinute,
    },
  };
}
