/**
 * The kit's own tables, idempotent. `inbox` holds a row for every change whose effect was made by `once`, `effects` one
 * for every effect made by `effect`: both grow with the changes processed, and worker apps prune them (`pruneInbox`).
 */
export const workerSchemaSql = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.inbox (
  queue text NOT NULL,
  change_id text NOT NULL,
  job_id text NOT NULL,
  result jsonb,
  done_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (queue, change_id)
);
CREATE INDEX IF NOT EXISTS inbox_done_at ON walmq.inbox (done_at);
CREATE TABLE IF NOT EXISTS walmq.effects (
  queue text NOT NULL,
  change_id text NOT NULL,
  name text NOT NULL,
  job_id text NOT NULL,
  state text NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'done')),
  result jsonb,
  attempts integer NOT NULL DEFAULT 1,
  intended_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  PRIMARY KEY (queue, change_id, name)
);
CREATE INDEX IF NOT EXISTS effects_settled_at ON walmq.effects (coalesce(done_at, intended_at));`;
