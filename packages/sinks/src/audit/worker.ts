import { tableName } from '@walmq/change';
import { type DatabasePool, defineWorker, type WorkerDefinition } from '@walmq/worker';
import { append } from './append.js';
import type { AuditRules } from './load.js';
import { recordOf } from './record.js';

/** The queue whose changes are kept. */
const AUDIT_QUEUE = 'audit';

/** Every change of the queue "audit" becomes a row of walmq.audit, once for however many deliveries. */
export function auditWorker(options: {
  /** Of the database that holds the log. */
  readonly pool: DatabasePool;
  readonly rules: AuditRules;
}): WorkerDefinition {
  const { pool, rules } = options;
  return defineWorker({
    queue: AUDIT_QUEUE,
    batch: { size: 50, waitMs: 5 },
    onBatch: async (changes, { job, signal }) => {
      const records = await Promise.all(
        changes.map(async change => recordOf(change, await job(change).json(), rules.get(tableName(change)))),
      );
      // The change's id in the log's primary key is all it takes: no row of the inbox beside it.
      const appended = await append(records, { pool, signal });
      return records.map(({ change_id }, index) => ({
        action: appended[index] ? 'audited' : 'audited_before',
        change_id,
      }));
    },
  });
}
