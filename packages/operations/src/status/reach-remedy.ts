import { withoutStop } from '@walmq/change';
import { connectionFailure } from '@walmq/postgres';
import { refusalOf } from '@walmq/redis';

const CONNECTS_AGAIN = 'capture and workers go on by themselves when it is back';

/** The remedy if PostgreSQL could not be asked, as a sentence. */
export function databaseRemedy(cause: unknown): string {
  return connectionFailure(cause).remedy;
}

/** The remedy if Redis could not be asked, as a sentence. */
export function redisRemedy(cause: unknown): string {
  const told = cause instanceof Error ? cause : new Error(String(cause));
  const { error, passes } = refusalOf(told);
  const remedy = error.remedy ?? 'Check REDIS_URL and that the server runs.';
  return passes ? `${withoutStop(remedy)}; PostgreSQL holds the backlog, and ${CONNECTS_AGAIN}.` : remedy;
}
