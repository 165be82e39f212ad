/**
 * First layout of the database.
 *
 * A message's body stands at the end of its row: what is read often (`id`,
 * `time`, flags) is on the row's first page, the rest on overflow pages. Link
 * data, up to a block long, has a table of its own so that a change of the
 * queue's row does not rewrite it. `messages_queue` yields the messages of a
 * queue in order; with `time` in it, old messages are found by reading this
 * small index through, and each message is spared an entry in another one.
 *
 * @module
 */

export const sql = `
CREATE TABLE queues (
  key INTEGER PRIMARY KEY,
  recipient_id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  recipient_keys BLOB NOT NULL,
  recipient_dh_secret BLOB NOT NULL,
  sender_key BLOB,
  mode TEXT,
  notifier_id BLOB,
  notifier_key BLOB,
  notifier_dh_secret BLOB,
  notifier_service_id BLOB,
  status TEXT NOT NULL,
  blocking_reason TEXT,
  blocking_notice TEXT,
  updated_day INTEGER,
  recipient_service_id BLOB
) STRICT;
CREATE UNIQUE INDEX queues_recipient ON queues (recipient_id);
CREATE UNIQUE INDEX queues_sender ON queues (sender_id);
CREATE UNIQUE INDEX queues_notifier ON queues (notifier_id)
  WHERE notifier_id IS NOT NULL;

CREATE TABLE links (
  queue INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  fixed BLOB NOT NULL,
  user BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX links_id ON links (id);

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  id BLOB NOT NULL,
  time INTEGER NOT NULL,
  notification INTEGER NOT NULL,
  quota INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX messages_queue ON messages (queue, seq, time);

CREATE TABLE reserved (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  queue_key INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;
INSERT INTO reserved VALUES (1, 0, 0);
`;
