import { changeLogWorker, checkChangeLog, maintainPartitions } from '@walmq/sinks/change-log';
import type { WorkerAppOptions } from '@walmq/worker';
import { z } from 'zod';

const OWN = { WALMQ_CHANGE_LOG_KEEP_DAYS: z.coerce.number().int().min(1).max(3650).default(14) };

/** The worker that keeps the change log. */
export const changeLogApp: WorkerAppOptions<typeof OWN> = {
  name: 'change-log-worker',
  defaultPort: 9107,
  needs: ['database', 'redis'],
  own: OWN,
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
};
