import { errorSection } from '../entry.js';

export const databaseErrors = errorSection({
  DATABASE_UNREACHABLE: {
    meaning: 'No connection to PostgreSQL can be opened, or an open connection no longer answers.',
    remedy: 'Check `DATABASE_URL`, the network and `pg_hba.conf`, and that the server runs.',
    from: ['every process'],
    outcome: 'retries',
  },
  DATABASE_IS_STANDBY: {
    meaning: 'The server is a standby, or it is not promoted yet. A standby accepts no changes.',
    remedy:
      'Set `DATABASE_URL` to the primary: [moving to another primary](../guides/operations.md#moving-to-another-primary).',
    from: ['capture', 'workers', 'setup', 'status', 'command line'],
    outcome: 'retries',
  },
  DATABASE_URL_INVALID: {
    meaning:
      '`DATABASE_URL` or `source.url` cannot be parsed: a character of the password that ends the host, a value of `sslmode` or `target_session_attrs` that walmq cannot use, or a TLS file that does not exist.',
    remedy: 'Correct [the URL](configuration.md#the-url-of-the-database).',
    from: ['every process'],
    outcome: 'ends',
  },
  DATABASE_DENIED: {
    meaning: 'PostgreSQL rejects the user, the password, the address or an unencrypted connection.',
    remedy: 'Correct `DATABASE_URL` or `pg_hba.conf`, as the error says: [TLS](../guides/tls.md).',
    from: ['every process'],
    outcome: 'ends',
  },
  DATABASE_PASSWORD_FAILED: {
    meaning:
      '`source.passwordCommand` or `source.password` failed, took longer than 10 s, or answered without a password. The error contains nothing of its output.',
    remedy:
      'Run the command by hand with the environment of the process: [a password for each connection](../guides/postgres/connections.md#a-password-for-each-connection).',
    from: ['every process'],
    outcome: 'retries',
  },
  DATABASE_MISSING: {
    meaning: 'The server has no database of the name in `DATABASE_URL`.',
    remedy: 'Correct `DATABASE_URL`, or create the database.',
    from: ['every process'],
    outcome: 'ends',
  },
  DATABASE_CERTIFICATE_REFUSED: {
    meaning: 'The certificate of PostgreSQL cannot be verified: its authority, its host name or its dates.',
    remedy: 'Do what the error says: [TLS](../guides/tls.md).',
    from: ['every process'],
    outcome: 'ends',
  },
  DATABASE_TLS_MISSING: {
    meaning: '`DATABASE_URL` requires TLS, and PostgreSQL does not offer TLS.',
    remedy: 'Set `ssl = on` with a certificate on the server: [TLS](../guides/tls.md).',
    from: ['every process'],
    outcome: 'ends',
  },
  POOLER_WITHOUT_TRANSACTIONS: {
    meaning:
      'The connection pooler in front of the database gives each statement another session (`pool_mode = statement`), so a worker has no transactions.',
    remedy:
      'Use transaction or session mode, or connect workers directly: [poolers](../guides/postgres/poolers.md).',
    from: ['workers'],
    outcome: 'ends',
  },
  PRIVILEGE_MISSING: {
    meaning: 'The role of `DATABASE_URL` lacks a privilege, which the error names.',
    remedy:
      'Run the `GRANT` or `ALTER ROLE` that the error prints. For set-up, `npx walmq setup --sql` prints the statements for someone who may run them.',
    from: ['every process'],
    outcome: 'ends',
  },
  OWN_TABLE_MISSING: {
    meaning: 'A table of walmq itself does not exist: the audit log, the change log or `walmq.backfill`.',
    remedy:
      'Run `npx walmq setup`, with `--audit` for [the audit log](../guides/audit.md) and `--change-log` for [the change log](../guides/rewind.md).',
    from: ['workers', 'command line'],
    outcome: 'ends',
  },
  OWN_TABLE_OUTDATED: {
    meaning: 'An older version of walmq created the table that the error names.',
    remedy:
      'Run `npx walmq setup`, with `--audit` or `--change-log` for these tables. It adds what the table lacks and keeps the rows.',
    from: ['workers', 'command line'],
    outcome: 'ends',
  },
});
