/**
 * The audit log, idempotent. Partitioned by the time of the commit; the default partition holds changes of a
 * month without a partition of its own (`walmq.audit_add_month`). The primary key is the change's id and the
 * time of its commit, because the id alone could come again in a restored database.
 *
 * Append-only: triggers, which also fire for superusers and replication roles, reject every change of a row,
 * and no role has the right to try. Old months are detached and dropped.
 */
export const auditSchemaSql = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.audit (
  change_id text NOT NULL,
  committed_at timestamptz NOT NULL,
  xid bigint NOT NULL,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  op text NOT NULL,
  key jsonb,
  before jsonb,
  after jsonb,
  changed text[],
  unchanged text[],
  context jsonb,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (change_id, committed_at)
) PARTITION BY RANGE (committed_at);
COMMENT ON COLUMN walmq.audit.committed_at IS 'of the transaction, from the WAL: no session can say it otherwise';
COMMENT ON COLUMN walmq.audit.xid IS 'of the transaction, from the WAL: no session can say it otherwise';
COMMENT ON COLUMN walmq.audit.context IS 'what the session said of itself (who, why): a claim, which PostgreSQL does not check';
CREATE TABLE IF NOT EXISTS walmq.audit_default PARTITION OF walmq.audit DEFAULT;
-- Of a record that jsonb does not take whole: all of it, as JSON text.
ALTER TABLE walmq.audit ADD COLUMN IF NOT EXISTS exact text;
CREATE INDEX IF NOT EXISTS audit_exact ON walmq.audit (committed_at) WHERE exact IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_key ON walmq.audit (jsonb_hash_extended(key, 0), committed_at);
CREATE INDEX IF NOT EXISTS audit_committed_at ON walmq.audit (committed_at);

CREATE OR REPLACE FUNCTION walmq.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE FUNCTION walmq.audit_protect(part regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = part AND tgname = 'audit_append_only') THEN
    EXECUTE format('CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON %s
                    FOR EACH ROW EXECUTE FUNCTION walmq.audit_refuse()', part);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = part AND tgname = 'audit_no_truncate') THEN
    EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION walmq.audit_refuse()', part);
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER audit_append_only', part);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER audit_no_truncate', part);
  EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM PUBLIC, CURRENT_USER', part);
END $$;
SELECT walmq.audit_protect('walmq.audit');
SELECT walmq.audit_protect('walmq.audit_default');

CREATE OR REPLACE FUNCTION walmq.audit_add_month(month date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
  last timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
  part text := 'audit_' || to_char(month, 'YYYY_MM');
BEGIN
  IF to_regclass(format('walmq.%I', part)) IS NULL THEN
    EXECUTE format('CREATE TABLE walmq.%I PARTITION OF walmq.audit FOR VALUES FROM (%L) TO (%L)', part, first, last);
  END IF;
  PERFORM walmq.audit_protect(format('walmq.%I', part)::regclass);
  RETURN part;
END $$;
CREATE OR REPLACE FUNCTION walmq.audit_takes(given text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN jsonb_typeof(given::jsonb) IS NOT NULL;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN false;
END $$;
CREATE OR REPLACE FUNCTION walmq.audit_history(table_name text, key jsonb) RETURNS SETOF walmq.audit
LANGUAGE sql STABLE AS $$
  SELECT * FROM walmq.audit a
   WHERE CASE WHEN a.schema_name ~ '[\\s".]' THEN '"' || replace(a.schema_name, '"', '""') || '"' ELSE a.schema_name END || '.' ||
         CASE WHEN a.table_name ~ '[\\s".]' THEN '"' || replace(a.table_name, '"', '""') || '"' ELSE a.table_name END
         = CASE WHEN $1 ~ '^([^\\s".]+|"([^"]|"")+")$' THEN 'public.' || $1 ELSE $1 END
     AND jsonb_hash_extended(a.key, 0) = jsonb_hash_extended($2, 0) AND a.key = $2
   ORDER BY a.committed_at, a.change_id
$$;`;
