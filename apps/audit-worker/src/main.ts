import { auditWorker, checkAuditRules, checkAuditTable, loadAuditRules } from '@walmq/audit';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';

await runWorkerApp({
  name: 'audit-worker',
  defaultPort: 9106,
  needs: ['database', 'redis'],
  own: { WALMQ_AUDIT: z.string().optional() },
  workers: async ({ config, environment }, { pool }) => {
    const rules = await loadAuditRules(environment.WALMQ_AUDIT);
    await checkAuditTable(pool);
    await checkAuditRules(pool, rules);
    return [auditWorker({ queues: config.queues, pool, rules })];
  },
});
