import { createPool, type PoolOptions } from '@walmq/postgres';
import type { Pool } from 'pg';
import type { Logger } from './log/log.js';

/** A pool that logs lost connections. Throws DATABASE_URL_INVALID. */
export function openPool({ log, ...options }: Omit<PoolOptions, 'onLost'> & { readonly log: Logger }): Pool {
  return createPool({
    ...options,
    onLost: error =>
      log.warn({ event: 'postgres:lost', error: error.message }, 'A connection to PostgreSQL was lost'),
  });
}
