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
    const tending = maintainPartitions({
      pool,
      keepDays: environment.WALMQ_CHANGE_LOG_KEEP_DAYS,
      onFailed: error =>
        log.warn({ event: 'change-log:untended', error: error.message }, 'The change log keeps growing'),
    });
    onStop('change log', () => tending.stop());
    return [changeLogWorker({ pool })];
  },
});
