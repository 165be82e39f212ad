/**
 * Commands of a queue's notifier and of notifier services (simplexmq 6.5.5,
 * `subscribeNotifications` and `subscribeServiceNotifications` in
 * `Simplex.Messaging.Server`).
 *
 * A queue's notifier is associated with the service whose session subscribed
 * it last, or with none. Notifications of associated queues go to the one
 * subscribed session of the service; `NSUBS` subscribes to all of them.
 *
 * @module
 */

import type { NotifierRecord } from "../../store/store.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { Queue } from "../queues/mod.ts";
import { type Answer, refuse, type SmpContext } from "./context.ts";
import type { Subscriber } from "./delivery.ts";
import type { ClientService } from "./services.ts";

/** Executes an authorised `NSUB`. */
export function subscribeNotifier(
  context: SmpContext,
  session: Subscriber,
  { queue, service }: {
    queue: Queue | undefined;
    service: ClientService | undefined;
  },
): Answer {
  const notifier = queue?.record.notifier;
  // A command before it in the same block may have deleted either.
  if (queue === undefined || queue.deleted || notifier === undefined) {
    return refuse("AUTH");
  }
  return service === undefined
    ? subscribeClient(context, session, { queue, notifier })
    : subscribeService(context, session, { queue, notifier, service });
}

/** Executes an authorised `NSUBS`. */
export function subscribeNotifierService(
  { services, notifications, notifierServices }: SmpContext,
  session: Subscriber,
  service: ClientService | undefined,
): Answer {
  if (service === undefined) return refuse("INTERNAL");
  if (!notifierServices.hasAll(session)) {
    const { id } = service;
    const queues = services.notifierQueues(id);
    const taken = notifierServices.addAll(session, { serviceId: id, queues });
    if (taken) notifications.serviceSubscribed(id);
  }
  const count = notifierServices.queuesOf(session);
  return { message: { tag: "SOKS", count } };
}

/**
 * Forgets a notifier that is taken from its queue or goes with it: what was
 * pending for it, its place in its service, and its subscription. Whoever was
 * subscribed gets `DELD`, unless it is the session `by` which did it; where
 * there is none, the owner did it, and nobody is told. To be called before the
 * queue is changed.
 */
export function forgetNotifier(
  { notifications, notifierServices, services }: SmpContext,
  queue: Queue,
  by?: Subscriber,
): void {
  const { notifier } = queue.record;
  if (notifier === undefined) return;
  const { id, serviceId } = notifier;
  notifications.removeAll(queue);
  const tag = by === undefined ? undefined : "DELD";
  notifications.unsubscribe(id, { by, tag });
  if (serviceId === undefined) return;
  services.changeNotifierQueues(serviceId, -1);
  notifierServices.queueEnded(serviceId, { by, entityId: id, tag });
}

function subscribeClient(
  context: SmpContext,
  session: Subscriber,
  { queue, notifier }: { queue: Queue; notifier: NotifierRecord },
): Answer {
  const { notifications, notifierServices, services, counters, table } =
    context;
  const { id, serviceId } = notifier;
  const again = notifications.isSubscribed(session, id);
  let group;
  if (serviceId !== undefined) {
    services.changeNotifierQueues(serviceId, -1);
    group = table.update(queue, {
      ...queue.record,
      notifier: { ...notifier, serviceId: undefined },
    });
    notifierServices.queueEnded(serviceId, {
      by: session,
      entityId: id,
      tag: "END",
    });
    counters.add("ntfServices_srvAssocRemoved");
  }
  if (!again) notifications.subscribe(session, { queue, notifierId: id });
  counters.add(again ? "ntfSubDuplicate" : "ntfSub");
  return { message: { tag: "SOK" }, group };
}

function subscribeService(
  context: SmpContext,
  session: Subscriber,
  { queue, notifier, service }: {
    queue: Queue;
    notifier: NotifierRecord;
    service: ClientService;
  },
): Answer {
  const { notifications, notifierServices, services, counters, table } =
    context;
  const { id, serviceId: previous } = notifier;
  const message: Answer["message"] = { tag: "SOK", serviceId: service.id };
  const subscribed = notifierServices.queuesOf(session) > 0;
  if (previous !== undefined && equalBytes(previous, service.id)) {
    // Only after an answer was lost: services subscribe all queues at once.
    if (!subscribed) {
      addQueue(context, session, service);
      counters.add("ntfServices_srvSubCount");
      counters.add("ntfServices_srvSubQueues");
    }
    counters.add("ntfServices_srvAssocDuplicate");
    // The write that associated it may still be under way.
    return { message, group: queue.lastWrite };
  }
  services.keep(service.id);
  if (previous !== undefined) services.changeNotifierQueues(previous, -1);
  services.changeNotifierQueues(service.id, 1);
  const group = table.update(queue, {
    ...queue.record,
    notifier: { ...notifier, serviceId: service.id },
  });
  notifierServices.queueEnded(previous, {
    by: session,
    entityId: id,
    tag: "END",
  });
  notifications.unsubscribe(id, { by: session, tag: "END" });
  addQueue(context, session, service);
  notifications.queueOfService(queue);
  if (!subscribed) counters.add("ntfServices_srvSubCount");
  counters.add("ntfServices_srvSubQueues");
  counters.add(
    previous === undefined
      ? "ntfServices_srvAssocNew"
      : "ntfServices_srvAssocUpdated",
  );
  return { message, group };
}

function addQueue(
  { notifications, notifierServices }: SmpContext,
  session: Subscriber,
  { id }: ClientService,
): void {
  if (notifierServices.addQueue(session, id)) {
    notifications.serviceSubscribed(id);
  }
}
