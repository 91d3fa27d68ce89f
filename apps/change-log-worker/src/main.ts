import { changeLogWorker, checkChangeLog, maintainPartitions } from '@walmq/sinks/change-log';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';

await runWorkerApp({
  name: 'change-log-worker',
  defaultPort: 9107,
  needs: ['database', 'redis'],
  own: { WALMQ_CHANGE_LOG_KEEP_DAYS: z.coerce.number().int().min(1).max(3650).default(14) },
  rights: [{ table: 'change_log', privileges: ['SELECT', 'INSERT'] }],
  workers: async ({ environment, log, onStop }, { pool }) => {
    await checkChangeLog(pool);
    const maintenance = maintainPartitions({
      pool,
      keepDays: environment.WALMQ_CHANGE_LOG_KEEP_DAYS,
      onFailed: error =>
        log.warn(
          { event: 'change-log:untended', error: error.message },
          'The partitions of the change log cannot be maintained: old changes are kept until a later try succeeds',
        ),
    });
    onStop('change log', () => maintenance.stop());
    return [changeLogWorker({ pool })];
  },
});
