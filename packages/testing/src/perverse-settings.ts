/**
 * For tests: the worst value of every setting that a session can inherit from its role and that changes what a statement
 * means, how a value is written, or when a connection ends.
 */
const PERVERSE_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: 'America/New_York',
  DateStyle: 'German, DMY',
  IntervalStyle: 'postgres_verbose',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  search_path: 'nowhere',
  quote_all_identifiers: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  array_nulls: 'off',
  client_min_messages: 'error',
  client_encoding: 'LATIN1',
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  idle_session_timeout: '100ms',
  synchronous_commit: 'off',
  wal_sender_timeout: '100ms',
};

/** Statements that set these values for a role in every database. PostgreSQL 17 has one more setting. */
export function perverseRoleSql(role: string, serverMajor: number): string {
  const settings = {
    ...PERVERSE_SETTINGS,
    ...(serverMajor >= 17 ? { transaction_timeout: '50ms' } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `ALTER ROLE ${role} SET ${name} = ${listed(name, value)};`)
    .join('\n');
}

/** A list of names has no quotes around the whole list. */
function listed(name: string, value: string): string {
  return name === 'DateStyle' ? value : `'${value}'`;
}
