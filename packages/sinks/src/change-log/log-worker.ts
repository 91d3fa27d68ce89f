import { WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { everyChange, type WorkerDefinition } from '@walmq/worker';
import type { Pool } from 'pg';
import { append } from './append.js';

/** The queue whose changes are kept. */
const CHANGE_LOG_QUEUE = 'change-log';

/**
 * Every change of the queue "change-log" becomes a row of walmq.change_log, once for any number of
 * deliveries.
 */
export function changeLogWorker({
  queues,
  pool,
}: {
  readonly queues: WalmqConfig['queues'];
  /** The database that holds the log. */
  readonly pool: Pool;
}): WorkerDefinition {
  return everyChange({
    queue: CHANGE_LOG_QUEUE,
    queues,
    handler: async (change, { json, signal }) => {
      // The log keeps a change that was sent again under its first id.
      if (change.rewound !== undefined) return { action: 'rewound', change_id: change.rewound };
      const appended = await append(change, await json(), { pool, signal });
      return { action: appended ? 'kept' : 'kept_before', change_id: change.id };
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
