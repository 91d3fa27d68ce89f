import { setTimeout as delay } from 'node:timers/promises';
import type { WalmqConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import type { Fleet } from '../run/fleet.js';
import { SoakError } from '../soak-error.js';

export interface Watched {
  readonly config: WalmqConfig;
  readonly fleet: Fleet;
  readonly redis: Redis;
}

const DRAIN_MS = 1_800_000;

/** Waits until at most so many jobs are unfinished; for none, also until capture has enqueued everything. */
export async function untilBacklog(
  { config, redis, fleet }: Watched,
  most: number,
  client?: Client,
): Promise<void> {
  const deadline = Date.now() + DRAIN_MS;
  const end =
    client &&
    (await client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn')).rows[0]?.lsn;
  for (;;) {
    fleet.assertAlive();
    const isRead = end === undefined || (await isAcknowledged(client as Client, config.source.slot, end));
    const open = await unfinished(redis, config);
    if (isRead && open <= most) return;
    if (Date.now() > deadline) throw new SoakError('SOAK_STUCK', `${open} jobs are unfinished.`);
    await delay(20);
  }
}

async function isAcknowledged(client: Client, slot: string, end: string): Promise<boolean> {
  const { rows } = await client.query<{ reached: boolean }>(
    'SELECT confirmed_flush_lsn >= $2::pg_lsn AS reached FROM pg_replication_slots WHERE slot_name = $1',
    [slot, end],
  );
  return rows[0]?.reached === true;
}

async function unfinished(redis: Redis, config: WalmqConfig): Promise<number> {
  const counts = await Promise.all(
    Object.values(config.queues).flatMap(({ prefix, name }) => [
      redis.llen(`${prefix}:${name}:wait`),
      redis.llen(`${prefix}:${name}:active`),
      redis.zcard(`${prefix}:${name}:delayed`),
      redis.zcard(`${prefix}:${name}:waiting-children`),
      redis.zcard(`${prefix}:${name}:failed`),
    ]),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
