import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';

export interface Servers {
  readonly postgres: EmbeddedPostgres;
  readonly redis: EmbeddedRedis;
}

export type Settings = Readonly<Record<string, string | number>>;

/** Starts PostgreSQL and Redis for one test file. `settings` are lines of postgresql.conf and redis.conf. */
export async function startServers(
  settings: { readonly postgres?: Settings; readonly redis?: Settings } = {},
): Promise<Servers> {
  const [postgres, redis] = await Promise.all([
    startPostgres({ settings: { ...settings.postgres } }),
    startRedis({ settings: { ...settings.redis } }),
  ]);
  return { postgres, redis };
}

export async function stopServers({ postgres, redis }: Servers): Promise<void> {
  await Promise.all([postgres.stop(), redis.stop()]);
}
