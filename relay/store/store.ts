/**
 * What the relay keeps, and the one way to read and write it. Nothing above
 * this interface knows how it is stored.
 *
 * Reads are synchronous and see what has been committed. Writes gather in a
 * group; a group is durable when its `committed` promise has resolved.
 *
 * @module
 */

import type { QueueMode, ServiceRole } from "../smp/commands.ts";
import type { BlockingInfo } from "../smp/errors.ts";
import type { FileRecipient, FileRecord } from "../xftp/file_store.ts";
import type { StoredFiles } from "./file_reader.ts";

/** Whether a queue may be used. */
export type QueueStatus =
  | { readonly type: "active" }
  | { readonly type: "off" }
  | { readonly type: "blocked"; readonly info: BlockingInfo };

/** Who may be told of new messages, and the secret that hides the details. */
export interface NotifierRecord {
  readonly id: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array;
  /** X25519 shared secret, 32 bytes. */
  readonly dhSecret: Uint8Array;
  readonly serviceId?: Uint8Array;
}

/** Encrypted data behind a short link. */
export interface LinkRecord {
  readonly id: Uint8Array;
  readonly fixed: Uint8Array;
  readonly user: Uint8Array;
}

/** A queue without its messages. IDs are 24 bytes. */
export interface QueueRecord {
  readonly recipientId: Uint8Array;
  readonly senderId: Uint8Array;
  /** SubjectPublicKeyInfo, DER each; at least one. */
  readonly recipientKeys: readonly Uint8Array[];
  /** X25519 shared secret with the recipient, 32 bytes. */
  readonly recipientDhSecret: Uint8Array;
  /** SubjectPublicKeyInfo, DER; absent until the queue is secured. */
  readonly senderKey?: Uint8Array;
  readonly mode?: QueueMode;
  readonly link?: LinkRecord;
  readonly notifier?: NotifierRecord;
  readonly status: QueueStatus;
  /** Day of the last use: whole days since 1970. */
  readonly updatedDay?: number;
  readonly recipientServiceId?: Uint8Array;
}

/** A queue as it is stored. `key` is the store's own short name for it. */
export interface StoredQueue {
  readonly key: number;
  readonly record: QueueRecord;
}

/** A message without its body. */
export interface MessageMeta {
  /** Place of the message: grows over the whole store, never used twice. */
  readonly seq: number;
  /** 24 random bytes. */
  readonly id: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
  readonly notification: boolean;
  /** True for the `QUOTA` message that marks a full queue; it has no body. */
  readonly quota: boolean;
}

/**
 * That a message came, for the queue's notifier. It outlives the message: the
 * recipient may have received it before the notifier was told.
 */
export interface NotificationRecord {
  /** `seq` of the message. */
  readonly seq: number;
  readonly messageId: Uint8Array;
  /** When the relay got the message: seconds since 1970. */
  readonly time: number;
}

/** A notification among those of all queues. */
export interface PendingNotification {
  readonly seq: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Queue that it is of. */
  readonly recipientId: Uint8Array;
  /** Service that the queue's notifier belongs to. */
  readonly serviceId?: Uint8Array;
}

/** A client that acts for many queues, known by its certificate. */
export interface ServiceRecord {
  /** 24 bytes. */
  readonly id: Uint8Array;
  readonly role: ServiceRole;
  /** SHA-256 of the certificate that identifies it, 32 bytes. */
  readonly certificateHash: Uint8Array;
  /** Its certificate chain, leaf first, DER each. */
  readonly certificates: readonly Uint8Array[];
  /** Day on which it came first: whole days since 1970. */
  readonly createdDay: number;
}

/** Roles by whose ID a queue can be found. */
export type QueueRole = "recipient" | "sender" | "notifier" | "link";

/**
 * One change. Changes of one group are applied in order, all or none. IDs are
 * unique in their role: a change that would use one twice fails its group, so
 * the caller looks first, also at what it has written but is not durable yet.
 */
export type WriteOperation =
  | {
    readonly type: "addQueue";
    readonly key: number;
    readonly record: QueueRecord;
  }
  /**
   * Replaces the record of an existing queue (not its messages). Its
   * recipient and sender IDs never change. Link data is written only when it
   * differs.
   */
  | {
    readonly type: "updateQueue";
    readonly key: number;
    readonly record: QueueRecord;
  }
  /** Only `updatedDay` of a record; cheaper than `updateQueue`. */
  | {
    readonly type: "touchQueue";
    readonly key: number;
    readonly updatedDay: number;
  }
  /** Removes the queue, its messages and notifications without a trace. */
  | { readonly type: "deleteQueue"; readonly key: number }
  | {
    readonly type: "addMessage";
    readonly key: number;
    readonly meta: MessageMeta;
    /** Copied before `write` returns; not kept for a `QUOTA` message. */
    readonly body: Uint8Array;
  }
  | { readonly type: "deleteMessages"; readonly seqs: readonly number[] }
  /** Adds a notification, and drops the queue's oldest beyond `keep`. */
  | {
    readonly type: "addNotification";
    readonly key: number;
    readonly notification: NotificationRecord;
    readonly keep: number;
  }
  /** Deletes the queue's notifications up to this `seq`; without it, all. */
  | {
    readonly type: "deleteNotifications";
    readonly key: number;
    readonly upTo?: number;
  }
  /** Deletes the notifications up to `upTo` from before `before`. */
  | {
    readonly type: "expireNotifications";
    readonly upTo: number;
    /** Seconds since 1970. */
    readonly before: number;
  }
  | { readonly type: "addService"; readonly service: ServiceRecord }
  | {
    readonly type: "addFile";
    readonly file: FileRecord;
    readonly recipients: readonly FileRecipient[];
  }
  /** Does nothing when there is no such file any more. */
  | {
    readonly type: "addFileRecipients";
    readonly senderId: Uint8Array;
    readonly recipients: readonly FileRecipient[];
  }
  | {
    readonly type: "setFileUploaded";
    readonly senderId: Uint8Array;
    readonly uploaded: boolean;
  }
  /** The file stays, without its content, and says why. */
  | {
    readonly type: "blockFile";
    readonly senderId: Uint8Array;
    readonly info: BlockingInfo;
  }
  /** Removes the file and its recipients. */
  | { readonly type: "deleteFile"; readonly senderId: Uint8Array }
  | { readonly type: "deleteFileRecipient"; readonly recipientId: Uint8Array };

/** The changes that become durable together. */
export interface WriteGroup {
  /**
   * Resolves when the group is on disk. Rejects with a `StoreError` when it
   * could not be written: none of its changes is kept then.
   */
  readonly committed: Promise<void>;
  /** True once `committed` has resolved. */
  readonly durable: boolean;
  /** Groups become durable in this order. */
  readonly order: number;
}

/** Counts for status and statistics. */
export interface StoreCounts {
  readonly queues: number;
  readonly notifiers: number;
  readonly messages: number;
  readonly notifications: number;
  /** Services with the role "M", and queues that have one as recipient. */
  readonly recipientServices: number;
  readonly recipientServiceQueues: number;
  /** Services with the role "N", and queues that have one as notifier. */
  readonly notifierServices: number;
  readonly notifierServiceQueues: number;
}

/** A write or read failed; `cause` has the reason. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(
    /** What kind of failure: lets the caller choose the words for the owner. */
    readonly kind: "full" | "corrupt" | "locked" | "version" | "io",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Durable queues and messages. */
export interface Store extends AsyncDisposable {
  /** Key for the next `addQueue`; never used twice, also not after a restart. */
  nextQueueKey(): number;
  /** `seq` for the next `addMessage`; grows, also over a restart. */
  nextSeq(): number;

  /** The queue with this ID in this role, or `undefined`. */
  findQueue(role: QueueRole, id: Uint8Array): StoredQueue | undefined;
  /** Metadata of all messages of the queue, oldest first. */
  messages(key: number): MessageMeta[];
  /** Body of a message, or `undefined` if it is gone. */
  messageBody(seq: number): Uint8Array | undefined;
  /**
   * At most `limit` messages, marks of full queues aside, older than `before` (seconds since 1970), oldest
   * first, with the queue each one is in. Takes time in proportion to all that
   * is stored (a millisecond or two for 10,000 messages).
   */
  oldMessages(
    before: number,
    limit: number,
  ): {
    readonly key: number;
    readonly recipientId: Uint8Array;
    readonly seq: number;
  }[];
  /** All notifications of the queue, oldest first. */
  notifications(key: number): NotificationRecord[];
  /** At most `limit` notifications of all queues after this `seq`, in order. */
  notificationsAfter(seq: number, limit: number): PendingNotification[];
  /** The service with this ID or this certificate, or `undefined`. */
  findService(
    by: "id" | "certificate",
    value: Uint8Array,
  ): ServiceRecord | undefined;
  /** Number of queues of the service as notifier or as recipient. */
  serviceQueues(role: "notifier" | "recipient", serviceId: Uint8Array): number;
  /** The files of XFTP, without their content. */
  readonly files: StoredFiles;
  /** Counts what is stored; takes time in proportion to it. */
  counts(): StoreCounts;

  /**
   * Adds a change to the group that is gathering, and returns that group.
   * What the change refers to is copied. Never waits and never throws for the
   * disk's sake. When a group fails, the group gathering behind it fails too.
   */
  write(operation: WriteOperation): WriteGroup;
  /**
   * False when the disk is nearly full: refuse new queues and messages then,
   * so that what is there can still be delivered and deleted.
   */
  readonly hasRoom: boolean;
  /**
   * For how long the group on its way to the disk has been, in milliseconds; 0
   * while there is none.
   */
  readonly writingMs: number;
  /** Resolves when everything written so far is durable (or has failed). */
  flush(): Promise<void>;
  /** Called with the error when a group fails, before its promise rejects. */
  onFailure: ((error: StoreError) => void) | undefined;
  /**
   * Called when a group is on disk, with the milliseconds that writing took
   * (without the gathering before). It must not throw.
   */
  onCommit: ((durationMs: number) => void) | undefined;
  /**
   * Flushes, checkpoints, closes the files, ends the worker. A checkpoint that
   * fails loses nothing: the next start goes on with the WAL.
   */
  stop(): Promise<void>;
}
