import type { WalmqConfig } from '@walmq/config';
import { type PipelineStatus, readStatus } from '@walmq/status';
import type { Redis } from 'ioredis';
import { Pool } from 'pg';
import { connectRedis } from '../connect.js';

export interface Onlooker {
  look(): Promise<PipelineStatus>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 4000;

/** Looks as often as it is asked to; a server that was away is tried again. A URL may be why there is none. */
export function openOnlooker({
  config,
  databaseUrl,
  redisUrl,
}: {
  config: WalmqConfig;
  databaseUrl: string | Error;
  redisUrl: string | Error;
}): Onlooker {
  const pool =
    databaseUrl instanceof Error
      ? databaseUrl
      : new Pool({
          connectionString: databaseUrl,
          application_name: 'walmq cli',
          max: 2,
          connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        });
  // The next look gets a new connection, and says so where there is none.
  if (pool instanceof Pool) pool.on('error', () => undefined);
  let redis: Redis | undefined;

  async function redisOrWhy(): Promise<Redis | Error> {
    if (redisUrl instanceof Error) return redisUrl;
    if (redis?.status === 'ready') return redis;
    redis?.disconnect();
    redis = undefined;
    try {
      redis = await connectRedis(redisUrl);
      return redis;
    } catch (cause) {
      return cause as Error;
    }
  }

  return {
    look: async () => await readStatus({ config, database: pool, redis: await redisOrWhy() }),
    async close() {
      redis?.disconnect();
      if (pool instanceof Pool) await pool.end();
    },
  };
}
