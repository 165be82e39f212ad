/**
 * Every statement that changes the database. The serving thread names them by
 * their place in the list, the writer's thread prepares and runs them.
 *
 * @module
 */

const LIST = {
  addQueue: `INSERT INTO queues (key, recipient_id, sender_id, recipient_keys,
    recipient_dh_secret, sender_key, mode, notifier_id, notifier_key,
    notifier_dh_secret, notifier_service_id, status, blocking_reason,
    blocking_notice, updated_day, recipient_service_id)
    VALUES (?1, ?15, ?16, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
  updateQueue: `UPDATE queues SET recipient_keys = ?2,
    recipient_dh_secret = ?3, sender_key = ?4, mode = ?5, notifier_id = ?6,
    notifier_key = ?7, notifier_dh_secret = ?8, notifier_service_id = ?9,
    status = ?10, blocking_reason = ?11, blocking_notice = ?12,
    updated_day = ?13, recipient_service_id = ?14 WHERE key = ?1`,
  touchQueue: "UPDATE queues SET updated_day = ?2 WHERE key = ?1",
  deleteQueue: "DELETE FROM queues WHERE key = ?1",
  // Link data that has not changed is not written again.
  putLink: `INSERT INTO links (queue, id, fixed, user) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (queue) DO UPDATE
    SET id = excluded.id, fixed = excluded.fixed, user = excluded.user
    WHERE id IS NOT excluded.id OR fixed IS NOT excluded.fixed
    OR user IS NOT excluded.user`,
  deleteLink: "DELETE FROM links WHERE queue = ?1",
  addMessage: `INSERT INTO messages (seq, queue, id, time, notification, quota,
    body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
  deleteMessage: "DELETE FROM messages WHERE seq = ?1",
  deleteQueueMessages: "DELETE FROM messages WHERE queue = ?1",
  addNotification: `INSERT INTO notifications (seq, queue, message_id, time)
    VALUES (?1, ?2, ?3, ?4)`,
  trimNotifications: `DELETE FROM notifications WHERE queue = ?1 AND seq <=
    (SELECT seq FROM notifications WHERE queue = ?1
    ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
  deleteNotifications:
    "DELETE FROM notifications WHERE queue = ?1 AND seq <= ?2",
  deleteQueueNotifications: "DELETE FROM notifications WHERE queue = ?1",
  expireNotifications:
    "DELETE FROM notifications WHERE seq <= ?1 AND time < ?2",
  addService: `INSERT INTO services (id, role, certificate_hash, certificates,
    created_day) VALUES (?1, ?2, ?3, ?4, ?5)`,
  addFile: `INSERT INTO files (sender_id, sender_key, size, digest, created_at,
    uploaded, status, blocking_reason, blocking_notice)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
  // The file may have been deleted by a change just before.
  addFileRecipient: `INSERT INTO file_recipients (recipient_id, sender_id, key)
    SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM files WHERE sender_id = ?2)`,
  setFileUploaded: "UPDATE files SET uploaded = ?2 WHERE sender_id = ?1",
  blockFile: `UPDATE files SET uploaded = 0, status = 'blocked',
    blocking_reason = ?2, blocking_notice = ?3 WHERE sender_id = ?1`,
  deleteFile: "DELETE FROM files WHERE sender_id = ?1",
  deleteFileRecipients: "DELETE FROM file_recipients WHERE sender_id = ?1",
  deleteFileRecipient: "DELETE FROM file_recipients WHERE recipient_id = ?1",
  reserve: "UPDATE reserved SET queue_key = ?1, seq = ?2",
} as const;

/** Name of a statement that changes the database. */
export type StatementName = keyof typeof LIST;

/** SQL of the statements; a statement's number is its place here. */
export const STATEMENTS: readonly string[] = Object.values(LIST);

const NUMBERS = new Map(Object.keys(LIST).map((name, index) => [name, index]));

/** Number of a statement. */
export function statementNumber(name: StatementName): number {
  const number = NUMBERS.get(name);
  if (number === undefined) throw new RangeError("Cannot find statement");
  return number;
}
