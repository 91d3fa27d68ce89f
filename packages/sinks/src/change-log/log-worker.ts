import { WalmqError } from '@walmq/change';
import { type DatabasePool, defineWorker, type WorkerDefinition } from '@walmq/worker';
import type { Pool } from 'pg';
import { append } from './append.js';

/** The queue whose changes are kept. */
const CHANGE_LOG_QUEUE = 'change-log';

/**
 * Every change of the queue "change-log" becomes a row of walmq.change_log, once for any number of
 * deliveries.
 */
export function changeLogWorker({
  pool,
}: {
  /** Of the database that holds the log. */
  readonly pool: DatabasePool;
}): WorkerDefinition {
  return defineWorker({
    queue: CHANGE_LOG_QUEUE,
    batch: { size: 50, waitMs: 5 },
    onBatch: async (changes, { job, signal }) => {
      // A change that was sent again stands in the log as what it was first.
      const first = changes.filter(change => change.rewound === undefined);
      const logged = await Promise.all(
        first.map(async change => ({ change, json: await job(change).json() })),
      );
      const appended = await append(logged, { pool, signal });
      const isNew = new Map(first.map((change, index) => [change, appended[index]]));
      return changes.map(change =>
        change.rewound === undefined
          ? { action: isNew.get(change) ? 'kept' : 'kept_before', change_id: change.id }
          : { action: 'rewound', change_id: change.rewound },
      );
    },
  });
}

/**
 * Throws OWN_TABLE_MISSING, OWN_TABLE_OUTDATED: the worker has no right to create or alter tables, and needs
 * none.
 */
export async function checkChangeLog(pool: Pick<Pool, 'query'>): Promise<void> {
  const { rows } = await pool.query<{ there: boolean; current: boolean }>(
    `SELECT to_regclass('walmq.change_log') IS NOT NULL AS there,
            EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('walmq.change_log') AND attname = 'key'
                       AND NOT attisdropped) AS current`,
  );
  const { there, current } = rows[0] as (typeof rows)[number];
  if (!there)
    throw new WalmqError('OWN_TABLE_MISSING', 'there is no change log (walmq.change_log).', {
      remedy:
        'Make it: npx walmq setup --change-log; give walmq.config.ts a queue "change-log" with the tables to keep, and start change-log-worker again.',
    });
  if (!current)
    throw new WalmqError('OWN_TABLE_OUTDATED', 'walmq.change_log was made by an older version.', {
      remedy: 'Add what it lacks, which keeps what it holds: npx walmq setup --change-log',
    });
}
