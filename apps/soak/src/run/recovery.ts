import { setTimeout as delay } from 'node:timers/promises';
import { nameOf } from '../plan/acts.js';
import type { Act } from '../plan/round.js';
import { SoakError } from '../soak-error.js';
import type { World } from './world.js';

/** Time from the end of a fault to the next effect that was committed. */
export interface Recovery {
  readonly act: string;
  readonly ms: number;
}

/** Generous, because machines can be slow: only what hangs for good is a fault. */
const LIMIT_MS = 300_000;
const INTERVAL_MS = 10;

/** Waits for the first effect that was committed after `endedAtMs`. Throws SOAK_STUCK after five minutes. */
export async function recovered(world: World, act: Act, endedAtMs: number): Promise<Recovery> {
  for (;;) {
    world.fleet.assertAlive();
    const atMs = await firstEffectAfter(world, endedAtMs).catch(() => undefined);
    if (atMs !== undefined) return { act: nameOf(act), ms: Math.max(0, Math.round(atMs - endedAtMs)) };
    if (Date.now() - endedAtMs > LIMIT_MS)
      throw new SoakError('SOAK_STUCK', `no effect within ${LIMIT_MS / 1000} s after ${nameOf(act)}.`);
    await delay(INTERVAL_MS);
  }
}

/** PostgreSQL runs on this machine, so its clock is this process's clock. */
async function firstEffectAfter({ database }: World, ms: number): Promise<number | undefined> {
  const rows = await database.query<{ ms: number | null }>(
    `SELECT extract(epoch FROM min(at))::float8 * 1000 AS ms
       FROM (SELECT at FROM soak.effects WHERE at > to_timestamp($1::float8 / 1000)
             UNION ALL SELECT at FROM soak.acts WHERE at > to_timestamp($1::float8 / 1000)) AS made`,
    [ms],
  );
  return rows[0]?.ms ?? undefined;
}
