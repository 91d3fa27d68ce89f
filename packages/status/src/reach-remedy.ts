const CONNECTS_AGAIN = 'capture and workers go on by themselves when it is back';

/** By SQLSTATE: what to do about a server that answers, and refuses. */
const DATABASE_REMEDIES: ReadonlyMap<unknown, string> = new Map([
  ['28P01', 'Correct user and password in DATABASE_URL, for every process that has it.'],
  ['28000', 'Correct the role in DATABASE_URL, or let it in: ALTER ROLE ... LOGIN, pg_hba.conf.'],
  ['3D000', 'Correct the name of the database in DATABASE_URL.'],
  [
    '53300',
    'End connections that nobody needs (a superuser still gets in, and pg_stat_activity names them), or raise max_connections and restart PostgreSQL; capture and workers try again by themselves.',
  ],
  ['57P03', 'It is starting up, shutting down or recovering: see its log if that takes long.'],
  ['42501', 'Grant the role of DATABASE_URL what "npx walmq doctor" names.'],
]);

/** By the first word of the answer, which is the code in Redis' protocol. */
const REDIS_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['WRONGPASS', 'Correct user and password in REDIS_URL, for every process that has it.'],
  ['NOAUTH', 'Redis wants a password: put it into REDIS_URL, as in redis://:password@host:6379.'],
  ['NOPERM', 'Give the user of REDIS_URL the commands and keys that it is refused (ACL SETUSER).'],
  ['LOADING', 'It is reading its data from disk: wait; see its log if that takes long.'],
]);

/** What to do about a PostgreSQL that could not be asked, as a sentence. */
export function databaseRemedy(cause: unknown): string {
  return (
    DATABASE_REMEDIES.get((Object(cause) as { code?: unknown }).code) ??
    `Check DATABASE_URL and that the server runs; ${CONNECTS_AGAIN}.`
  );
}

/** What to do about a Redis that could not be asked, as a sentence. */
export function redisRemedy(cause: unknown): string {
  const told = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const [code = ''] = told instanceof Error ? told.message.split(' ') : [];
  return (
    REDIS_REMEDIES.get(code) ??
    `Check REDIS_URL and that the server runs; PostgreSQL holds the backlog, and ${CONNECTS_AGAIN}.`
  );
}
