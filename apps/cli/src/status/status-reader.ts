import type { WalmqConfig } from '@walmq/config';
import { FiguresReader, type PipelineStatus, readStatus } from '@walmq/operations';
import { createPool, type DatabaseUrl } from '@walmq/postgres';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { connectRedis } from '../terminal/connect.js';

export interface StatusReader {
  readonly pool: Pool | Error;
  look(): Promise<PipelineStatus>;
  /** With the connection that it came from. */
  lookWithRedis(): Promise<{ readonly status: PipelineStatus; readonly redis: Redis | Error }>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 4000;

/**
 * Reads the status at each call of `look`, and reconnects to a server that was unreachable. Instead of a URL,
 * `databaseUrl` and `redisUrl` may be the error that explains why there is none.
 */
export function openStatusReader({
  config,
  databaseUrl,
  redisUrl,
}: {
  config: WalmqConfig;
  databaseUrl: DatabaseUrl | Error;
  redisUrl: string | Error;
}): StatusReader {
  const pool = databaseUrl instanceof Error ? databaseUrl : poolOrWhy(databaseUrl);
  let redis: Redis | undefined;
  const figures = new FiguresReader();

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

  async function lookWithRedis() {
    const redis = await redisOrWhy();
    return { redis, status: await readStatus({ config, database: pool, redis, figures }) };
  }

  return {
    pool,
    lookWithRedis,
    look: async () => (await lookWithRedis()).status,
    async close() {
      redis?.disconnect();
      if (!(pool instanceof Error)) await pool.end();
    },
  };
}

function poolOrWhy(url: DatabaseUrl): Pool | Error {
  try {
    // After the loss of a connection, the next poll opens a new connection or reports the error.
    return createPool({ url, name: 'walmq cli', max: 2, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  } catch (cause) {
    return cause as Error;
  }
}
