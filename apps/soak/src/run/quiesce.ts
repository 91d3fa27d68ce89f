import { setTimeout as delay } from 'node:timers/promises';
import { SoakError } from '../soak-error.js';
import type { World } from './world.js';

/** Generous, because machines can be slow: only what hangs for good is a fault. */
const LIMIT_MS = 300_000;
const INTERVAL_MS = 25;

/** Numbers of jobs of a queue by state. */
interface Counts {
  readonly running: number;
  readonly parked: number;
  readonly failed: number;
}

/** Waits until capture has acknowledged everything and every backfill has ended. */
export async function untilAcknowledged(world: World): Promise<void> {
  const { database } = world;
  await waitFor(world, async () => {
    const rows = await database.query<{ open: string | null }>(
      "SELECT string_agg(format('backfill %s is %s at row %s %s', id, status, rows_read, error), ', ') AS open FROM walmq.backfill WHERE status <> 'done'",
    );
    return rows[0]?.open ?? undefined;
  });
  let end: string | undefined;
  await waitFor(world, async () => {
    end ??= await walEnd(world);
    const rows = await database.query<{ lsn: string; reached: boolean }>(
      'SELECT confirmed_flush_lsn::text AS lsn, confirmed_flush_lsn >= $2::pg_lsn AS reached FROM pg_replication_slots WHERE slot_name = $1',
      [world.name, end],
    );
    return rows[0]?.reached ? undefined : `the slot is at ${rows[0]?.lsn}, the WAL ends at ${end}`;
  });
}

async function walEnd({ database }: World): Promise<string | undefined> {
  const rows = await database.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
  return rows[0]?.lsn;
}

/** Waits until no job can move by itself. Resolves to the number of failed jobs. */
export async function untilStill(world: World): Promise<number> {
  let failed = 0;
  await waitFor(world, async () => {
    failed = 0;
    for (const queue of Object.keys(world.config.queues)) {
      const counts = await countsOf(world, queue);
      if (counts.running > 0 || (counts.parked > 0 && counts.failed === 0))
        return `queue ${queue} has ${JSON.stringify(counts)}`;
      failed += counts.failed;
    }
    return undefined;
  });
  return failed;
}

async function countsOf({ client: { redis }, config }: World, queue: string): Promise<Counts> {
  const key = (name: string) => `${config.queues[queue]?.prefix}:${queue}:${name}`;
  const [wait, active, paused, delayed, prioritized, parked, failed] = await Promise.all([
    redis.llen(key('wait')),
    redis.llen(key('active')),
    redis.llen(key('paused')),
    redis.zcard(key('delayed')),
    redis.zcard(key('prioritized')),
    redis.zcard(key('waiting-children')),
    redis.zcard(key('failed')),
  ]);
  return { running: wait + active + paused + delayed + prioritized, parked, failed };
}

/** Repeats until `state` names nothing that is still open. Throws SOAK_STUCK if it names the same for too long. */
async function waitFor(world: World, state: () => Promise<string | undefined>): Promise<void> {
  let last: string | undefined;
  let deadline = 0;
  for (;;) {
    world.fleet.assertAlive();
    const open = await state().catch((error: Error) => error.message);
    if (open === undefined) return;
    if (open !== last) deadline = Date.now() + LIMIT_MS;
    last = open;
    if (Date.now() > deadline)
      throw new SoakError('SOAK_STUCK', `for ${LIMIT_MS / 1000} s nothing has moved: ${open}.`);
    await delay(INTERVAL_MS);
  }
}
