import { tableName } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { everyChange, type WorkerDefinition } from '@walmq/worker';
import type { Pool } from 'pg';
import { append } from './append.js';
import type { AuditRules } from './load.js';
import { recordOf } from './record.js';

/** The queue whose changes are kept. */
const AUDIT_QUEUE = 'audit';

/** Every change of the queue "audit" becomes a row of walmq.audit, once for any number of deliveries. */
export function auditWorker(options: {
  readonly queues: WalmqConfig['queues'];
  /** The database that holds the log. */
  readonly pool: Pool;
  readonly rules: AuditRules;
}): WorkerDefinition {
  const { queues, pool, rules } = options;
  return everyChange({
    queue: AUDIT_QUEUE,
    queues,
    handler: async (change, { json, signal }) => {
      const record = recordOf(change, await json(), rules.get(tableName(change)));
      // The change's id in the log's primary key is enough: no row of the inbox is needed.
      const appended = await append(record, { pool, signal });
      return { action: appended ? 'audited' : 'audited_before', change_id: change.id };
    },
  });
}
