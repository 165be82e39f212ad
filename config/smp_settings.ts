/**
 * The settings of section `[smp]`: message queues.
 *
 * @module
 */

import {
  flag,
  integer,
  milliseconds,
  orOff,
  seconds,
  text,
} from "./settings.ts";

/** The section with its settings. */
export const smpSection = {
  doc: "Message queues.",
  settings: {
    minVersion: integer({
      doc: "The oldest version of the SMP protocol that is offered.",
      default: 6,
      min: 6,
      max: 18,
    }),
    maxVersion: integer({
      doc: "The newest version of the SMP protocol that is offered.",
      default: 18,
      min: 6,
      max: 18,
    }),
    newQueues: flag({
      doc:
        "Let apps create queues. Set it to false to wind the relay down: what exists keeps working.",
      default: true,
    }),
    createPassword: text({
      doc:
        "A password that apps need to create queues. It becomes part of the address: give that only to those who may use the relay.",
      default: "",
      defaultDoc: "everybody who knows the address may create queues",
      pattern: /^[!-.0-9;-?A-~]*$/,
      allowed: "letters, digits and signs, but no space, '@', ':' or '/'",
      secret: true,
    }),
    messagesPerQueue: integer({
      doc:
        "How many messages may wait in one queue before its sender is told to wait.",
      default: 128,
      min: 1,
      max: 100_000,
    }),
    messageExpirySeconds: orOff(seconds({
      doc: "Messages that nobody fetched for this long are deleted.",
      default: "21d",
      min: "1s",
      max: "3650d",
    })),
    messageExpiryCheckMs: milliseconds({
      doc: "How often to look for messages to delete.",
      default: "2h",
      min: "100ms",
      max: "20d",
    }),
    expireOnStart: flag({
      doc: "Also look for messages to delete when the relay starts.",
      default: true,
    }),
    expireOnSend: flag({
      doc:
        "Also look for messages to delete in a queue when a message is sent to it.",
      default: true,
    }),
    notificationDeliveryIntervalMs: milliseconds({
      doc: "How often gathered notifications are handed on.",
      default: "1.5s",
      min: "10ms",
      max: "1h",
    }),
    notificationExpirySeconds: seconds({
      doc: "Notifications that nobody fetched for this long are deleted.",
      default: "24h",
      min: "1s",
      max: "3650d",
    }),
    notificationExpiryCheckMs: milliseconds({
      doc: "How often to look for notifications to delete.",
      default: "1h",
      min: "100ms",
      max: "20d",
    }),
    endDelayMs: milliseconds({
      doc:
        "How long an app may wait to hear that another connection took over its queue. Waiting gathers many such notices into one block.",
      default: "15s",
      min: "0s",
      max: "10m",
    }),
    handshakeTimeoutMs: milliseconds({
      doc:
        "A connection that has not finished its SMP handshake by then is closed.",
      default: "120s",
      min: "100ms",
      max: "1h",
    }),
  },
} as const;
