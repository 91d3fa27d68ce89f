/**
 * Session settings that walmq's connections rely on. They are sent with the first message of a connection, so they override
 * the URL, PGOPTIONS, the role, the database and postgresql.conf.
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
export type Settings = Readonly<Record<string, string>>;

/** Settings for the text forms that replication's value.ts reads. The walsender uses its own settings. */
const TEXT_FORMS: Settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO,YMD',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // Decide whether regclass and similar types are written with schema and quotes.
  search_path: 'public',
  quote_all_identifiers: 'off',
};

/** Transactions are read committed, may write and are not deferrable. */
const TRANSACTIONS: Settings = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
};

/** Settings that decide what walmq's SQL means. */
const SQL: Settings = {
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  row_security: 'off',
  // PostgreSQL 18 reports a missing publication only as a warning, which capture needs.
  client_min_messages: 'notice',
};

/** Time-outs off: each of walmq's connections has its own deadlines, and a time-out of the server would interrupt its work. */
export const NO_TIMEOUTS: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** Exists since PostgreSQL 17. An older server rejects a connection that sets this parameter. */
export const TRANSACTION_TIMEOUT: Settings = { transaction_timeout: '0' };
export const TRANSACTION_TIMEOUT_SINCE = 17;

/** Settings of a connection that runs only walmq's own SQL, or the stream. */
export const OWN_SETTINGS: Settings = { ...TEXT_FORMS, ...TRANSACTIONS, ...SQL, ...NO_TIMEOUTS };

/**
 * Settings of a pool that an application's handlers share with the kit: only those that the kit and pg rely on. Role, database
 * and URL decide all others (time zone, search_path, row security, synchronous_commit).
 */
export const HANDLER_SETTINGS: Settings = {
  ...TRANSACTIONS,
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // This time-out would close idle connections that the pool keeps for the next change.
  idle_session_timeout: '0',
};

/** Greatest value of a time-out: its type is integer. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Time-outs off by default: time-outs of a role or database would fail changes to which the kit gives more time (`deadlineMs`).
 * A URL may still set them. Only a transaction in which nothing happens for longer than any handler may take is ended by the
 * server: a worker whose host or network died cannot end it, and its locks would keep the change from every other worker.
 */
export function handlerDefaults(idleInTransactionMs = 0): Settings {
  return {
    statement_timeout: '0',
    lock_timeout: '0',
    idle_in_transaction_session_timeout: String(Math.min(idleInTransactionMs, MAX_TIMEOUT_MS)),
  };
}

/** Returns `-c name=value ...`. Escapes spaces and backslashes, because the server splits the text at spaces. */
export function optionsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`)
    .join(' ');
}
