import assert from "node:assert/strict";
import { AckTimes } from "./ack_times.ts";
import type { ServerGauges, StoredCounts } from "./gauges.ts";
import { formatMetrics } from "./metric.ts";
import { smpMetrics } from "./smp_metrics.ts";
import { Statistics } from "./statistics.ts";
import { parseMetrics } from "./testing/parse_metrics.ts";

/**
 * Names and types of the reference's metrics (simplexmq 6.5.5,
 * `Simplex.Messaging.Server.Prometheus`), without the prefix, in its order.
 */
const COUNTERS = `
queues_created queues_secured queues_deleted queues_blocked
queues_deleted_batch subscribtion_successes subscribtion_successes_batch
subscribtion_end subscribtion_end_batch subscribtion_errors messages_sent
messages_sent_errors messages_received messages_expired messages_notify_sent
messages_notify_received messages_notify_get_sent
messages_notify_get_received messages_notify_get_errors queues_notify_created
queues_notify_new_created queues_notify_deleted queues_notify_deleted_batch
messages_ntf_successes messages_ntf_successes_batch messages_ntf_errors
subscription_ntf_requests subscription_ntf_requests_batch
subscribtion_ntf_errors relay_sessions_requests relay_sessions_successes
relay_sessions_errors relay_messages_requests relay_messages_successes
relay_messages_errors relay_messages_received
rcv_services_assoc_new rcv_services_assoc_duplicate rcv_services_assoc_updated
rcv_services_assoc_removed rcv_services_sub_count rcv_services_sub_duplicate
ntf_services_assoc_new ntf_services_assoc_duplicate ntf_services_assoc_updated
ntf_services_assoc_removed ntf_services_sub_count ntf_services_sub_duplicate
delivery_ack_confirmed_count
`;
const GAUGES = `
queues_total1 queues_total2 queues_daily queues_weekly queues_monthly
queues_notify_daily queues_notify_weekly queues_notify_monthly messages_total
queues_notify_total1 queues_notify_total2 rcv_services_count
rcv_services_queues_count ntf_services_count ntf_services_queues_count
rcv_services_sub_queues rcv_services_sub_end ntf_services_sub_queues
ntf_services_sub_end info sockets_accepted sockets_closed sockets_active
sockets_leaked threads_total clients_total delivered_total
delivered_clients_total delivery_ack_pending_count delivery_ack_time_max
subscribtion_total subscribtion_clients_total subscribtion_services_total
subscription_ntf_total subscription_ntf_clients_total
subscribtion_nts_services_total loaded_queues_queue_count
loaded_queues_ntf_count loaded_queues_open_journal_count
loaded_queues_queue_lock_count loaded_queues_ntf_lock_count
`;

const names = (text: string) =>
  text.trim().split(/\s+/).map((name) => `simplex_smp_${name}`);

const stored: StoredCounts = {
  queues: 1,
  notifiers: 2,
  messages: 3,
  notifications: 4,
  recipientServices: 5,
  recipientServiceQueues: 6,
  notifierServices: 7,
  notifierServiceQueues: 8,
};

function gauges(): ServerGauges {
  const deliveredTimes = new AckTimes();
  deliveredTimes.add(70);
  return {
    clients: 10,
    subscribers: { subscriptions: 11, clients: 12, services: 13 },
    notificationSubscribers: { subscriptions: 14, clients: 15, services: 16 },
    delivered: { subscriptions: 17, clients: 18, services: 0 },
    deliveredTimes,
    loadedQueues: 19,
    loadedNotifiers: 20,
  };
}

function metricsOf(statistics: Statistics) {
  return parseMetrics(formatMetrics(smpMetrics({
    statistics,
    stored,
    server: gauges(),
    sockets: [{
      port: "5223",
      accepted: 30,
      closed: 20,
      active: 10,
      leaked: 0,
    }],
    threads: 9,
    version: "1.2.3",
  })));
}

Deno.test("every metric of the reference is there, with its type", () => {
  const metrics = metricsOf(new Statistics());
  const ofType = (type: string) =>
    [...metrics].filter(([, metric]) => metric.type === type)
      .map(([name]) => name).sort();
  assert.deepEqual(ofType("counter"), names(COUNTERS).sort());
  assert.deepEqual(ofType("gauge"), names(GAUGES).sort());
  assert.deepEqual(ofType("histogram"), [
    "simplex_smp_delivery_ack_confirmed_time",
  ]);
});

Deno.test("labels are those of the reference", () => {
  const metrics = metricsOf(new Statistics());
  const labels = (name: string) =>
    metrics.get(`simplex_smp_${name}`)?.samples.map((each) =>
      Object.entries(each.labels).map((pair) => pair.join("=")).join()
    );
  assert.deepEqual(labels("queues_deleted"), [
    "type=all",
    "type=new",
    "type=secured",
  ]);
  assert.deepEqual(labels("messages_sent_errors"), [
    "type=auth",
    "type=quota",
    "type=large",
    "type=block",
  ]);
  assert.deepEqual(labels("messages_notify_get_errors"), [
    "type=nomsg",
    "type=auth",
    "type=duplicate",
    "type=prohibited",
  ]);
  assert.deepEqual(labels("relay_sessions_requests"), [
    "source=all",
    "source=own",
  ]);
  assert.deepEqual(labels("relay_messages_errors"), [
    "source=all,type=connect",
    "source=all,type=compat",
    "source=all,type=other",
    "source=own,type=connect",
    "source=own,type=compat",
    "source=own,type=other",
  ]);
  assert.deepEqual(labels("delivery_ack_pending_count"), [
    "period=0-60",
    "period=60-300",
    "period=300-1200",
    "period=1200-3600",
    "period=3600+",
  ]);
  assert.deepEqual(labels("sockets_active"), ["port=5223"]);
  assert.deepEqual(labels("info"), ["version=1.2.3,rts_options="]);
});

Deno.test("values come from where they belong", () => {
  const statistics = new Statistics();
  statistics.counters.add("pMsgFwdsOwn_pErrorsCompat", 5);
  statistics.counters.add("msgNtfLost", 6);
  statistics.counters.add("rcvServices_srvSubQueues", 7);
  for (const seconds of [1, 61, 61]) {
    statistics.messageReceived(new Uint8Array(24), {
      notification: true,
      polled: true,
      seconds,
    });
  }
  const metrics = metricsOf(statistics);
  const value = (name: string, label = "") =>
    metrics.get(`simplex_smp_${name}`)?.samples.find((each) =>
      Object.values(each.labels).join() === label
    )?.value;
  assert.equal(value("relay_messages_errors", "own,compat"), 5);
  assert.equal(value("relay_messages_errors", "all,compat"), 0);
  assert.equal(value("messages_ntf_errors", "lost"), 6);
  assert.equal(value("rcv_services_sub_queues"), 7);
  assert.equal(value("messages_received"), 3);
  assert.equal(value("messages_notify_get_received"), 3);
  assert.equal(value("queues_notify_daily"), 1);
  assert.equal(value("delivery_ack_confirmed_count", "60-300"), 2);
  assert.equal(value("delivery_ack_pending_count", "60-300"), 1);
  assert.equal(value("delivery_ack_time_max"), 70);
  assert.equal(value("subscribtion_nts_services_total"), 16);
  assert.equal(value("queues_notify_total1"), 4);
  const histogram = metrics.get("simplex_smp_delivery_ack_confirmed_time")
    ?.samples;
  assert.deepEqual(
    histogram?.map(({ labels, value }) => [labels.le, value]),
    [["1", 1], ["90", 3], ["+Inf", 3], [undefined, 123], [undefined, 3]],
  );
});
