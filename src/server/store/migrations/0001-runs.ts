/** Runs, and the messages of those whose results are kept. Times are milliseconds since 1970. */
export const RUNS = `
CREATE TABLE runs (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  spec_text TEXT NOT NULL,
  principal TEXT NOT NULL,
  request_id TEXT,
  request_digest TEXT,
  is_detached INTEGER NOT NULL,
  state TEXT NOT NULL,
  terminated_by INTEGER NOT NULL DEFAULT 0,
  examples_done INTEGER NOT NULL DEFAULT 0,
  examples_total INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER,
  error_code TEXT NOT NULL DEFAULT '',
  error_message TEXT NOT NULL DEFAULT '',
  results TEXT NOT NULL,
  message_count INTEGER NOT NULL DEFAULT 0,
  result_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_request ON runs (principal, request_id, sequence) WHERE request_id IS NOT NULL;
CREATE INDEX runs_by_model ON runs (model_name, sequence);
CREATE INDEX runs_by_state ON runs (state, sequence);
CREATE INDEX runs_by_end ON runs (finished_ms);
CREATE TABLE run_messages (
  run INTEGER NOT NULL REFERENCES runs (sequence) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  message BLOB NOT NULL,
  PRIMARY KEY (run, position)
) STRICT`;
