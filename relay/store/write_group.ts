/**
 * A group of changes while it gathers and while it is being written.
 *
 * @module
 */

import type { FileRecipient } from "../xftp/file_store.ts";
import { fileParameters } from "./file_row.ts";
import { GroupEncoder, type Parameter } from "./group_codec.ts";
import { queueParameters } from "./queue_row.ts";
import { serviceParameters } from "./service_row.ts";
import { type StatementName, statementNumber } from "./statements.ts";
import type {
  LinkRecord,
  StoreError,
  WriteGroup,
  WriteOperation,
} from "./store.ts";
import type { GroupMessage } from "./writer_messages.ts";

const EMPTY_BODY = new Uint8Array(0);

let groups = 0;

/** The changes that become durable together, as statements. */
export class GatheringGroup implements WriteGroup {
  readonly committed: Promise<void>;
  durable = false;
  /** Changes in it. */
  size = 0;
  readonly order = ++groups;
  /** Highest queue key and `seq` that the group uses. */
  highestKey = 0;
  highestSeq = 0;
  readonly #resolvers = Promise.withResolvers<void>();
  readonly #encoder: GroupEncoder;
  readonly #deletes: number[] = [];
  #lowestSeq = Infinity;

  /** `buffer`: one that is free to be used again. */
  constructor(buffer?: ArrayBuffer) {
    this.#encoder = new GroupEncoder(buffer);
    this.committed = this.#resolvers.promise;
    // A caller that does not wait must not end the process when a group fails;
    // the failure itself is told through `Store.onFailure`.
    this.committed.catch(() => {});
  }

  /** Adds a change. What it refers to is copied before this returns. */
  add(operation: WriteOperation): void {
    this.size++;
    switch (operation.type) {
      case "addQueue": {
        const { key, record } = operation;
        this.highestKey = Math.max(this.highestKey, key);
        this.#put("addQueue", [
          ...queueParameters(key, record),
          record.recipientId,
          record.senderId,
        ]);
        if (record.link) this.#putLink(key, record.link);
        break;
      }
      case "updateQueue": {
        const { key, record } = operation;
        this.#put("updateQueue", queueParameters(key, record));
        if (record.link) this.#putLink(key, record.link);
        else this.#put("deleteLink", [key]);
        break;
      }
      case "touchQueue":
        this.#put("touchQueue", [operation.key, operation.updatedDay]);
        break;
      case "deleteQueue":
        this.#put("deleteQueueMessages", [operation.key]);
        this.#put("deleteQueueNotifications", [operation.key]);
        this.#put("deleteLink", [operation.key]);
        this.#put("deleteQueue", [operation.key]);
        break;
      case "addMessage": {
        const { key, meta, body } = operation;
        this.highestSeq = Math.max(this.highestSeq, meta.seq);
        this.#lowestSeq = Math.min(this.#lowestSeq, meta.seq);
        this.#put("addMessage", [
          meta.seq,
          key,
          meta.id,
          meta.time,
          meta.notification ? 1 : 0,
          meta.quota ? 1 : 0,
          meta.quota ? EMPTY_BODY : body,
        ]);
        break;
      }
      case "deleteMessages":
        for (const seq of operation.seqs) this.#deleteMessage(seq);
        break;
      case "addNotification": {
        const { key, notification, keep } = operation;
        const { seq, messageId, time } = notification;
        this.#put("addNotification", [seq, key, messageId, time]);
        this.#put("trimNotifications", [key, keep]);
        break;
      }
      case "deleteNotifications": {
        const { key, upTo } = operation;
        if (upTo === undefined) this.#put("deleteQueueNotifications", [key]);
        else this.#put("deleteNotifications", [key, upTo]);
        break;
      }
      case "expireNotifications":
        this.#put("expireNotifications", [operation.upTo, operation.before]);
        break;
      case "addService":
        this.#put("addService", serviceParameters(operation.service));
        break;
      case "addFile":
        this.#put("addFile", fileParameters(operation.file));
        this.#putRecipients(operation.file.senderId, operation.recipients);
        break;
      case "addFileRecipients":
        this.#putRecipients(operation.senderId, operation.recipients);
        break;
      case "setFileUploaded":
        this.#put("setFileUploaded", [
          operation.senderId,
          operation.uploaded ? 1 : 0,
        ]);
        break;
      case "blockFile": {
        const { senderId, info } = operation;
        this.#put("blockFile", [senderId, info.reason, info.notice ?? null]);
        break;
      }
      case "deleteFile":
        this.#put("deleteFileRecipients", [operation.senderId]);
        this.#put("deleteFile", [operation.senderId]);
        break;
      case "deleteFileRecipient":
        this.#put("deleteFileRecipient", [operation.recipientId]);
        break;
    }
  }

  /** Records up to where keys and `seq`s may be given out. */
  reserve(queueKey: number, seq: number): void {
    this.#put("reserve", [queueKey, seq]);
  }

  /** The message for the writer; the group takes no more changes. */
  message(): GroupMessage {
    return {
      type: "group",
      deletes: this.#deletes,
      buffer: this.#encoder.buffer,
      length: this.#encoder.length,
    };
  }

  /** The group is on disk. */
  succeed(): void {
    this.durable = true;
    this.#resolvers.resolve();
  }

  /** Nothing of the group is kept. */
  fail(error: StoreError): void {
    this.#resolvers.reject(error);
  }

  #put(statement: StatementName, parameters: readonly Parameter[]): void {
    this.#encoder.add(statementNumber(statement), parameters);
  }

  #putRecipients(
    senderId: Uint8Array,
    recipients: readonly FileRecipient[],
  ): void {
    for (const { recipientId, key } of recipients) {
      this.#put("addFileRecipient", [recipientId, senderId, key]);
    }
  }

  #putLink(key: number, link: LinkRecord): void {
    this.#put("putLink", [key, link.id, link.fixed, link.user]);
  }

  /** Only a message of this very group has to be added before it goes. */
  #deleteMessage(seq: number): void {
    if (seq < this.#lowestSeq) this.#deletes.push(seq);
    else this.#put("deleteMessage", [seq]);
  }
}
