/**
 * Pending notifications, and services by their certificates.
 *
 * A notification has the `seq` of the message it tells of. What is sent of it
 * is encrypted when it is sent: the queue's row has the secret. The index
 * finds those of a queue in order; expiry walks the rows in the order of
 * `seq`, which is the order of time.
 *
 * `certificates` of a service is its chain, leaf first, encoded like the keys
 * of a queue.
 *
 * @module
 */

export const sql = `
CREATE TABLE notifications (
  seq INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  time INTEGER NOT NULL
) STRICT;
CREATE INDEX notifications_queue ON notifications (queue, seq);

CREATE TABLE services (
  id BLOB NOT NULL,
  role TEXT NOT NULL,
  certificate_hash BLOB NOT NULL,
  certificates BLOB NOT NULL,
  created_day INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX services_id ON services (id);
CREATE UNIQUE INDEX services_certificate ON services (certificate_hash);

CREATE INDEX queues_notifier_service ON queues (notifier_service_id)
  WHERE notifier_service_id IS NOT NULL;
CREATE INDEX queues_recipient_service ON queues (recipient_service_id)
  WHERE recipient_service_id IS NOT NULL;
`;
