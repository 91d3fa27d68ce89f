import { connectionFailure } from '@walmq/postgres';

const CONNECTS_AGAIN = 'capture and workers go on by themselves when it is back';

/** By the first word of the answer, which is the code in Redis' protocol. */
const REDIS_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['WRONGPASS', 'Correct user and password in REDIS_URL, for every process that has it.'],
  ['NOAUTH', 'Redis wants a password: put it into REDIS_URL, as in redis://:password@host:6379.'],
  ['NOPERM', 'Give the user of REDIS_URL the commands and keys that it is refused (ACL SETUSER).'],
  ['LOADING', 'It is reading its data from disk: wait; see its log if that takes long.'],
]);

/** What to do about a PostgreSQL that could not be asked, as a sentence. */
export function databaseRemedy(cause: unknown): string {
  return connectionFailure(cause).remedy;
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
