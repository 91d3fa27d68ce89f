/**
 * What a session of ours relies on, whatever the URL, PGOPTIONS, the role, the database or postgresql.conf say: sent
 * with the connection's first message, where it outranks all of them.
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
export type Settings = Readonly<Record<string, string>>;

/** The text forms that replication's value.ts reads; the walsender's own settings decide how values are written. */
const TEXT_FORMS: Settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO,YMD',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // regclass and its kin are written as short as these let them.
  search_path: 'public',
  quote_all_identifiers: 'off',
};

/** Plain string literals, durable commits, and transactions with the declared isolation. */
const TRANSACTIONS: Settings = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
};

/** How our SQL is read. */
const SQL: Settings = {
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  row_security: 'off',
  // Capture hears of a missing publication by a warning.
  client_min_messages: 'notice',
};

/** Each of our connections has deadlines of its own; a server's would cut it in the middle of what it is there for. */
export const NO_TIMEOUTS: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** Known from PostgreSQL 17 on; an older server refuses a connection that names it. */
export const TRANSACTION_TIMEOUT: Settings = { transaction_timeout: '0' };
export const TRANSACTION_TIMEOUT_SINCE = 17;

/** A connection on which only our own SQL runs, or the stream. */
export const OWN_SETTINGS: Settings = { ...TEXT_FORMS, ...TRANSACTIONS, ...SQL, ...NO_TIMEOUTS };

/**
 * A pool on which handlers of an application run beside the kit: what the kit and pg read and rely on. All else (zone,
 * search_path, row security, synchronous_commit) stays as role, database and URL have it.
 */
export const HANDLER_SETTINGS: Settings = {
  ...TRANSACTIONS,
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // It would cut off what the pool keeps for the next change.
  idle_session_timeout: '0',
};

/** What a role or database sets would fail changes that the kit gives more time (`deadlineMs`); a URL may set it on purpose. */
export const HANDLER_DEFAULTS: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** `-c name=value ...`: spaces and backslashes are escaped, as the server splits at spaces. */
export function optionsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`)
    .join(' ');
}
