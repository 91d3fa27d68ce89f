/**
 * The change log, idempotent: changes as they were enqueued, one partition per day of commit, and the rewinds
 * that send them again. A page of a rewind proves that a transaction may send changes again: every role may
 * send messages, but only a role that may write this table can send changes again. The primary key is the
 * change's id and the time of its commit, because the id alone could come again in a restored database. The
 * default partition holds changes of a day without a partition.
 */
export const changeLogSchemaSql = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.change_log (
  change_id text COLLATE "C" NOT NULL,
  committed_at timestamptz NOT NULL,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  change json,
  PRIMARY KEY (change_id, committed_at)
) PARTITION BY RANGE (committed_at);
CREATE TABLE IF NOT EXISTS walmq.change_log_default PARTITION OF walmq.change_log DEFAULT;
-- The change stands in one of the two: as text where json is not made for its depth.
ALTER TABLE walmq.change_log ALTER COLUMN change DROP NOT NULL;
ALTER TABLE walmq.change_log ADD COLUMN IF NOT EXISTS change_text text;
-- Null also where it was added by a version that had no such column.
ALTER TABLE walmq.change_log ADD COLUMN IF NOT EXISTS key jsonb;
CREATE INDEX IF NOT EXISTS change_log_committed_at ON walmq.change_log (committed_at);
CREATE INDEX IF NOT EXISTS change_log_key ON walmq.change_log (jsonb_hash_extended(key, 0), committed_at);
CREATE INDEX IF NOT EXISTS change_log_text ON walmq.change_log (committed_at) WHERE change_text IS NOT NULL;
CREATE TABLE IF NOT EXISTS walmq.rewind (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  tables text[] NOT NULL,
  from_time timestamptz NOT NULL,
  to_time timestamptz NOT NULL,
  key json,
  last_change_id text COLLATE "C" NOT NULL DEFAULT '',
  sent bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE TABLE IF NOT EXISTS walmq.rewind_page (
  xid xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
  rewind_id bigint NOT NULL REFERENCES walmq.rewind,
  sent_at timestamptz NOT NULL DEFAULT now()
);

CREATE OR REPLACE FUNCTION walmq.change_log_jsonb(given text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN given::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION walmq.change_log_key(change json) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (change -> 'key')::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION walmq.tend_change_log(keep_days integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  day date;
  part record;
BEGIN
  FOR day IN SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(0, 2) n LOOP
    CONTINUE WHEN to_regclass('walmq.change_log_' || to_char(day, 'YYYY_MM_DD')) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE walmq.%I PARTITION OF walmq.change_log FOR VALUES FROM (%L) TO (%L)',
        'change_log_' || to_char(day, 'YYYY_MM_DD'), day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    EXCEPTION WHEN check_violation THEN
      -- Its first changes lie in the default partition already; the next day has a partition of its own.
      NULL;
    END;
  END LOOP;
  FOR part IN SELECT c.oid::regclass AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'walmq.change_log'::regclass AND c.relname ~ '^change_log_\\d{4}_\\d\\d_\\d\\d$'
      AND to_date(right(c.relname, 10), 'YYYY_MM_DD') < (now() AT TIME ZONE 'UTC')::date - keep_days
  LOOP
    EXECUTE format('DROP TABLE %s', part.name);
  END LOOP;
  -- A slot that is behind by as much has other troubles: what capture then finds no page for, it refuses.
  DELETE FROM walmq.rewind_page WHERE sent_at < now() - greatest(keep_days, 30) * interval '1 day';
  DELETE FROM walmq.change_log_default WHERE committed_at < now() - keep_days * interval '1 day';
END $$;`;
