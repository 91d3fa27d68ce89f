import { inTransaction } from '@walmq/worker';
import type { Pool } from 'pg';

/** How long the change log keeps changes. */
export interface PartitionOptions {
  /** Of the database that holds the log. */
  readonly pool: Pool;
  /** Days after which a change is dropped. */
  readonly keepDays: number;
  /** Called when this round of maintenance failed. */
  readonly onFailed: (error: Error) => void;
}

const EVERY_MS = 3_600_000;

/** Creates the partitions of the next days and drops old ones: now, and every hour. */
export function maintainPartitions({ pool, keepDays, onFailed }: PartitionOptions): {
  stop(): Promise<void>;
} {
  let maintenance = maintain();
  const timer = setInterval(() => {
    maintenance = maintenance.then(maintain);
  }, EVERY_MS);

  async function maintain(): Promise<void> {
    await maintainOnce(pool, keepDays).catch(onFailed);
  }

  return {
    async stop() {
      clearInterval(timer);
      await maintenance;
    },
  };
}

/** One worker at a time does it; the others skip this round. */
async function maintainOnce(pool: Pool, keepDays: number): Promise<void> {
  await inTransaction({ pool }, async tx => {
    const { rows } = await tx.query<{ mine: boolean }>(
      "SELECT pg_try_advisory_xact_lock(hashtext('walmq.tend_change_log')) AS mine",
    );
    if (rows[0]?.mine) await tx.query('SELECT walmq.tend_change_log($1)', [keepDays]);
  });
}
