/** Rows that are there before capture: no change of theirs is in the log. */
export const EARLIER_ROWS = 20;

/**
 * The tables of a round, and what the checker believes in: a log that triggers write in the transaction of each change. The log
 * is not captured. It holds a digest of each column instead of its value, because rows can be wide.
 */
export const SCHEMA = `
CREATE TABLE accounts (id integer PRIMARY KEY, token bigint NOT NULL DEFAULT 0, grp integer NOT NULL DEFAULT 0, note text, label text);
CREATE TABLE lines (account integer, line integer, token bigint NOT NULL DEFAULT 0, note text, PRIMARY KEY (account, line));
CREATE TABLE docs (id integer PRIMARY KEY, token bigint NOT NULL DEFAULT 0, body text, title text);
INSERT INTO accounts (id, grp, note) SELECT i, i % 4, 'earlier' FROM generate_series(1, ${EARLIER_ROWS}) i;
INSERT INTO lines (account, line, note) SELECT i, 1, 'earlier' FROM generate_series(1, ${EARLIER_ROWS}) i;
INSERT INTO docs (id, title) SELECT i, 'earlier' FROM generate_series(1, ${EARLIER_ROWS}) i;

CREATE SCHEMA soak;
CREATE SEQUENCE soak.tokens;
CREATE TABLE soak.log (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  name text NOT NULL,
  op text NOT NULL,
  key jsonb,
  token bigint NOT NULL,
  old jsonb,
  new jsonb
);
CREATE TABLE soak.effects (
  n bigint GENERATED ALWAYS AS IDENTITY,
  queue text NOT NULL,
  change_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX effects_at ON soak.effects (at);
CREATE TABLE soak.acts (
  n bigint GENERATED ALWAYS AS IDENTITY,
  queue text NOT NULL,
  change_id text NOT NULL,
  idempotency_key text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION soak.give_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.token := nextval('soak.tokens');
  RETURN NEW;
END $$;
CREATE FUNCTION soak.digest(given jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg(key, md5(value)) FROM jsonb_each_text(given)
$$;
CREATE FUNCTION soak.key_of(given jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_agg(given -> name ORDER BY place) FROM unnest(names) WITH ORDINALITY AS names (name, place)
$$;
-- An update of the key is a delete of the old row and an insert of the new one, as in the stream of changes.
CREATE FUNCTION soak.log_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  old_key jsonb := soak.key_of(old_row, TG_ARGV);
  new_key jsonb := soak.key_of(new_row, TG_ARGV);
BEGIN
  IF TG_OP = 'UPDATE' AND old_key = new_key THEN
    INSERT INTO soak.log (name, op, key, token, old, new)
    VALUES (TG_TABLE_NAME, 'update', new_key, (new_row ->> 'token')::bigint, soak.digest(old_row), soak.digest(new_row));
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO soak.log (name, op, key, token, old)
    VALUES (TG_TABLE_NAME, 'delete', old_key, (old_row ->> 'token')::bigint, soak.digest(old_row));
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO soak.log (name, op, key, token, new)
    VALUES (TG_TABLE_NAME, 'insert', new_key, (new_row ->> 'token')::bigint, soak.digest(new_row));
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION soak.log_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO soak.log (name, op, token) VALUES (TG_TABLE_NAME, 'truncate', nextval('soak.tokens'));
  RETURN NULL;
END $$;
CREATE FUNCTION soak.publish(event_key text, size integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  given bigint := nextval('soak.tokens');
BEGIN
  INSERT INTO soak.log (name, op, key, token) VALUES ('events', 'message', to_jsonb(event_key), given);
  PERFORM pg_logical_emit_message(true, 'walmq.event.events', jsonb_build_object(
    'type', 'soak.event', 'key', event_key, 'payload', jsonb_build_object('token', given, 'text', repeat('e', size)))::text);
END $$;
${['accounts', 'lines', 'docs'].map(triggersOf).join('')}
`;

function triggersOf(table: string): string {
  const key = table === 'lines' ? "'account', 'line'" : "'id'";
  return `
CREATE TRIGGER give_token BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION soak.give_token();
CREATE TRIGGER log_row AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION soak.log_row(${key});
CREATE TRIGGER log_truncate AFTER TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION soak.log_truncate();`;
}
