/**
 * Files (chunks of XFTP) and their recipients. The content is not in the
 * database: `uploaded` says that it is complete in its file.
 *
 * IDs are random, so both tables are found by them alone. `files_created`
 * finds the oldest.
 *
 * @module
 */

export const sql = `
CREATE TABLE files (
  sender_id BLOB PRIMARY KEY,
  sender_key BLOB NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  uploaded INTEGER NOT NULL,
  status TEXT NOT NULL,
  blocking_reason TEXT,
  blocking_notice TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX files_created ON files (created_at);

CREATE TABLE file_recipients (
  recipient_id BLOB PRIMARY KEY,
  sender_id BLOB NOT NULL,
  key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_recipients_sender ON file_recipients (sender_id);
`;
