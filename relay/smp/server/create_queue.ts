/**
 * `NEW`: creating a queue (simplexmq 6.5.5, `createQueue` in
 * `Simplex.Messaging.Server`).
 *
 * @module
 */

import { dh, generateX25519, randomBytes, sha3_384 } from "../../crypto/mod.ts";
import type {
  LinkRecord,
  NotifierRecord,
  QueueRecord,
} from "../../store/store.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { NewQueueRequest, NotifierRequest } from "../commands.ts";
import {
  type Answer,
  day,
  noRoom,
  prohibited,
  refuse,
  type SmpContext,
} from "./context.ts";
import type { Subscriber } from "./delivery.ts";
import type { ClientService } from "./services.ts";

/** Length of queue IDs in bytes. */
export const ID_LENGTH = 24;

const ATTEMPTS = 3;

/** Creates a queue and subscribes the session to it, if asked. */
export function createQueue(
  context: SmpContext,
  session: Subscriber,
  { request, correlationId, service }: {
    request: NewQueueRequest;
    correlationId: Uint8Array;
    service?: ClientService;
  },
): Answer {
  const { options, table, counters } = context;
  if (!options.newQueues) return refuse("AUTH");
  const given = request.basicAuth;
  const own = options.share?.isOwn(given) ?? false;
  if (options.createPassword !== undefined && !own) {
    if (given === undefined || !equalBytes(given, options.createPassword)) {
      return refuse("AUTH");
    }
  }
  // The queues of a service are those it is subscribed to.
  if (service !== undefined && !request.subscribe) return prohibited;
  if (options.share?.full && !own) return refuse("QUOTA");
  if (!context.store.hasRoom) return noRoom;
  if (!context.limits.takeQueue(session)) return refuse("QUOTA");
  const relayKeys = generateX25519();
  const recipientDhSecret = dh(request.recipientDhKey, relayKeys.privateKey);
  const notifier = request.notifier && makeNotifier(request.notifier);
  // A key of low order protects nothing; no client makes one by accident.
  if (recipientDhSecret === undefined || notifier === null) {
    return refuse("CRYPTO");
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ids = chooseIds(request);
    // A sender ID of the client's choice must be a hash of the correlation ID,
    // so that nobody can find out by `NEW` whether a known ID is in use.
    if (
      ids.byClient &&
      !equalBytes(ids.senderId, sha3_384(correlationId).subarray(0, ID_LENGTH))
    ) return prohibited;
    const notifierRecord = notifier && {
      ...notifier.record,
      id: randomBytes(ID_LENGTH),
    };
    const record: QueueRecord = {
      recipientId: randomBytes(ID_LENGTH),
      senderId: ids.senderId,
      recipientKeys: [request.recipientKey.spki.slice()],
      recipientDhSecret,
      mode: request.queue?.mode,
      link: ids.link,
      notifier: notifierRecord,
      status: { type: "active" },
      updatedDay: day(context.now()),
      recipientServiceId: service?.id,
    };
    if (service !== undefined) context.services.keep(service.id);
    const created = table.create(record);
    if (created === undefined) {
      if (ids.byClient) return refuse("AUTH");
      continue;
    }
    counters.add("qCreated");
    if (notifier !== undefined) counters.add("ntfNewCreated");
    if (service !== undefined) {
      context.recipientServices.addQueue(session, service.id);
    } else if (request.subscribe) {
      context.delivery.subscribe(session, created.queue);
    }
    return {
      message: {
        tag: "IDS",
        ids: {
          recipientId: record.recipientId,
          senderId: record.senderId,
          relayDhKey: relayKeys.publicKey,
          mode: record.mode,
          linkId: record.link?.id,
          serviceId: service?.id,
          notifier: notifier && notifierRecord &&
            { id: notifierRecord.id, relayDhKey: notifier.relayDhKey },
        },
      },
      group: created.group,
    };
  }
  return refuse("INTERNAL");
}

/**
 * A notifier's record without its ID, and the relay's half of the DH; `null`
 * when the recipient's half is of low order.
 */
export function makeNotifier(
  request: NotifierRequest,
): { record: Omit<NotifierRecord, "id">; relayDhKey: Uint8Array } | null {
  const keys = generateX25519();
  const dhSecret = dh(request.dhKey, keys.privateKey);
  if (dhSecret === undefined) return null;
  return {
    record: { key: request.authKey.spki.slice(), dhSecret },
    relayDhKey: keys.publicKey,
  };
}

function chooseIds(
  request: NewQueueRequest,
): { senderId: Uint8Array; link?: LinkRecord; byClient: boolean } {
  const queue = request.queue;
  if (queue?.link === undefined) {
    return { senderId: randomBytes(ID_LENGTH), byClient: false };
  }
  const { senderId, data } = queue.link;
  const id = queue.mode === "C"
    ? queue.link.linkId.slice()
    : randomBytes(ID_LENGTH);
  return {
    senderId: senderId.slice(),
    link: { id, fixed: data.fixed.slice(), user: data.user.slice() },
    byClient: true,
  };
}
