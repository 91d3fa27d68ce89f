/**
 * For tests: every setting that a session could take from its role, and that would change what a statement means, how a
 * value is written or how long a connection lasts, each at its worst.
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

/** Statements that make them a role's own, in every database. PostgreSQL 17 has one more. */
export function perverseRoleSql(role: string, serverMajor: number): string {
  const settings = {
    ...PERVERSE_SETTINGS,
    ...(serverMajor >= 17 ? { transaction_timeout: '50ms' } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `ALTER ROLE ${role} SET ${name} = ${listed(name, value)};`)
    .join('\n');
}

/** Lists of names are written without quotes around the whole. */
function listed(name: string, value: string): string {
  return name === 'DateStyle' ? value : `'${value}'`;
}
