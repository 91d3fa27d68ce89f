import type { EmbeddedRedis } from '@walmq/embedded';
import type { CpuSeconds } from '../cases/measurement.js';
import { cpuSecondsOf, cpuSecondsOfServer } from '../load/proc.js';
import type { Program } from '../load/program.js';
import type { Database } from '../load/servers.js';
import type { Workers } from '../load/workers.js';

/** The processes that take part in a run. */
export interface Sides {
  readonly database: Database;
  readonly redis?: EmbeddedRedis | undefined;
  readonly reader?: Program | undefined;
  readonly workers?: Workers | undefined;
}

/** CPU time of each side since its start. */
export async function cpuOf({ database, redis, reader, workers }: Sides): Promise<CpuSeconds> {
  const [readerUsage, ofWorkers] = await Promise.all([reader?.usage(), workers?.cpuSeconds()]);
  return {
    reader: readerUsage?.cpuSeconds ?? null,
    workers: ofWorkers ?? null,
    redis: redis ? cpuSecondsOf(redis.pid) : null,
    postgres: cpuSecondsOfServer(database.server.pid),
  };
}

/** CPU time of each side between two moments. */
export function cpuBetween(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  const difference = (side: keyof CpuSeconds) => {
    const [from, to] = [before[side], after[side]];
    return from === null || to === null ? null : to - from;
  };
  return {
    reader: difference('reader'),
    workers: difference('workers'),
    redis: difference('redis'),
    postgres: difference('postgres'),
  };
}
