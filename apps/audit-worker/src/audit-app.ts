import { auditWorker, checkAuditRules, checkAuditTable, loadAuditRules } from '@walmq/sinks/audit';
import type { WorkerAppOptions } from '@walmq/worker';
import { z } from 'zod';

const OWN = { WALMQ_AUDIT: z.string().optional() };

/** The worker that keeps the audit log. */
export const auditApp: WorkerAppOptions<typeof OWN> = {
  name: 'audit-worker',
  defaultPort: 9106,
  needs: ['database', 'redis'],
  own: OWN,
  rights: [{ table: 'audit', privileges: ['SELECT', 'INSERT'] }],
  workers: async ({ config, environment }, { pool }) => {
    const rules = await loadAuditRules(environment.WALMQ_AUDIT);
    const worker = auditWorker({ pool, rules });
    // Check the queue first: without it the worker does not start, whatever the state of the table.
    if (Object.hasOwn(config.queues, worker.queue)) {
      await checkAuditTable(pool);
      await checkAuditRules(pool, rules);
    }
    return [worker];
  },
};
