/**
 * A queue that is loaded: its record, the metadata of its messages, and the
 * keys that were derived from the record.
 *
 * @module
 */

import {
  type AuthKey,
  type BoxKey,
  boxKey,
  decodeAuthKey,
} from "../../crypto/mod.ts";
import type {
  MessageMeta,
  QueueRecord,
  WriteGroup,
} from "../../store/store.ts";

/** A message of a loaded queue. */
export interface QueuedMessage {
  readonly meta: MessageMeta;
  /** The group that stores it; absent when it was read from the store. */
  readonly group?: WriteGroup;
}

/** Whether the message is on disk and may be delivered. */
export function isDurable(message: QueuedMessage): boolean {
  return message.group === undefined || message.group.durable;
}

/** A loaded queue. Only `QueueTable` changes one. */
export class Queue {
  /** The store's name for the queue. */
  readonly key: number;
  /** Recipient ID as a map key. */
  readonly name: string;
  /** Current record; replaced, never changed. */
  record: QueueRecord;
  /** Messages, oldest first; undefined until they are first asked for. */
  messages: QueuedMessage[] | undefined;
  /** The last group that has a change of this queue. */
  lastWrite: WriteGroup | undefined;
  /** True from the moment the queue is deleted. */
  deleted = false;

  #recipientKeys: { from: readonly Uint8Array[]; keys: AuthKey[] } | undefined;
  #senderKey: { from: Uint8Array; key: AuthKey | undefined } | undefined;
  #notifierKey: { from: Uint8Array; key: AuthKey | undefined } | undefined;
  #messageKey: BoxKey | undefined;

  constructor(key: number, name: string, record: QueueRecord) {
    this.key = key;
    this.name = name;
    this.record = record;
  }

  /** Keys of which any one authorises the recipient. */
  get recipientKeys(): readonly AuthKey[] {
    const from = this.record.recipientKeys;
    if (this.#recipientKeys?.from !== from) {
      const keys = from.map(decodeAuthKey).filter((key) => key !== undefined);
      this.#recipientKeys = { from, keys };
    }
    return this.#recipientKeys.keys;
  }

  /** Key of the sender once the queue is secured. */
  get senderKey(): AuthKey | undefined {
    const from = this.record.senderKey;
    if (from === undefined) return undefined;
    if (this.#senderKey?.from !== from) {
      this.#senderKey = { from, key: decodeAuthKey(from) };
    }
    return this.#senderKey.key;
  }

  /** Key of the notifier, if there is one. */
  get notifierKey(): AuthKey | undefined {
    const from = this.record.notifier?.key;
    if (from === undefined) return undefined;
    if (this.#notifierKey?.from !== from) {
      this.#notifierKey = { from, key: decodeAuthKey(from) };
    }
    return this.#notifierKey.key;
  }

  /** Key that encrypts message bodies for the recipient. */
  get messageKey(): BoxKey {
    return this.#messageKey ??= boxKey(this.record.recipientDhSecret);
  }
}

/** Whether the queue is a contact address (`isContactQueue` of the reference). */
export function isContactQueue(record: QueueRecord): boolean {
  // Contact queues made before version 9 have no mode, and are never secured.
  return record.mode === undefined
    ? record.senderKey === undefined
    : record.mode === "C";
}

/** Whether the queue is for messages and secured (`isSecuredMsgQueue`). */
export function isSecuredMessageQueue(record: QueueRecord): boolean {
  return record.mode !== "C" && record.senderKey !== undefined;
}
