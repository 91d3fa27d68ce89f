import { WalmqError } from '@walmq/change';
import type { Pool } from 'pg';
import type { GrowingDelay } from '../failure/thrown.js';
import type { DatabasePool } from '../own-clients.js';

/**
 * Delay before a change that found no free connection is retried. The retry uses up no attempt, because the change did
 * not cause the failure.
 */
const RETRY_AFTER_MS: GrowingDelay = { firstMs: 1000, maxMs: 60_000 };

/**
 * Converts the driver's time-out to POOL_EXHAUSTED if this process uses all connections of its pool. Returns other errors
 * unchanged.
 */
export function poolExhausted(pool: DatabasePool, error: unknown): unknown {
  const { max } = (pool as Pool).options;
  const waited = error instanceof Error && !('code' in error) && error.message.startsWith('timeout exceeded');
  if (!waited || pool.totalCount < max || pool.idleCount > 0) return error;
  return Object.assign(
    new WalmqError(
      'POOL_EXHAUSTED',
      `no connection to PostgreSQL became free: all ${max} of this process are in use.`,
      {
        remedy:
          'Raise WALMQ_DATABASE_CONNECTIONS, or lower the queue\'s "concurrency"; an effect() within once() takes a second one.',
        facts: { max },
        cause: error,
      },
    ),
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
