/** Pattern of capture's job ids: the change's id, then the tag of its database, slot and server. */
const JOB_ID = '^[0-9A-F]{16}-[0-9]{10}-([0-9a-f]+)$';
const IN_JOB_ID = new RegExp(JOB_ID);

/**
 * The source of a job's change; empty for a job that capture did not add. Without the source, an id is not unique: a
 * database restored from a dump uses the same id for another change.
 */
export function sourceOf(jobId: string): string {
  return IN_JOB_ID.exec(jobId)?.[1] ?? '';
}

/** PostgreSQL computes the source from the job id, so that rows of versions without sources have a source too. */
const SOURCE = `source text GENERATED ALWAYS AS (coalesce(substring(job_id from '${JOB_ID}'), '')) STORED`;

/** Replaces the primary key of earlier versions, which did not contain the source. */
function keyedBySource(table: string, columns: string): string {
  return `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                  WHERE c.conrelid = 'walmq.${table}'::regclass AND c.contype = 'p' AND a.attname = 'source') THEN
    ALTER TABLE walmq.${table} DROP CONSTRAINT IF EXISTS ${table}_pkey, ADD PRIMARY KEY (${columns}, source);
  END IF;
END $$;`;
}

/**
 * Idempotent SQL of the kit's own tables. `inbox` has one row for each change whose effect `once` has committed,
 * `effects` one row for each effect of `effect`. Both grow with the processed changes, and worker apps prune them
 * (`pruneInbox`). `sourced` is true if the identity that outside systems saw includes the source. In earlier versions
 * it did not.
 */
export const workerSchemaSql = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.inbox (
  queue text NOT NULL,
  change_id text NOT NULL,
  job_id text NOT NULL,
  result jsonb,
  done_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE walmq.inbox ADD COLUMN IF NOT EXISTS ${SOURCE};
${keyedBySource('inbox', 'queue, change_id')}
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
  done_at timestamptz
);
ALTER TABLE walmq.effects ADD COLUMN IF NOT EXISTS ${SOURCE};
ALTER TABLE walmq.effects ADD COLUMN IF NOT EXISTS sourced boolean NOT NULL DEFAULT false;
ALTER TABLE walmq.effects ALTER COLUMN sourced SET DEFAULT true;
${keyedBySource('effects', 'queue, change_id, name')}
CREATE INDEX IF NOT EXISTS effects_settled_at ON walmq.effects (coalesce(done_at, intended_at));`;
