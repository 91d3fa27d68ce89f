import type { WorkerAppOptions } from '@walmq/worker';
import { analyticsWorker } from './analytics-worker.js';

/** The worker that counts sales. */
export const analyticsApp: WorkerAppOptions<Record<never, never>> = {
  name: 'analytics-worker',
  defaultPort: 9104,
  needs: ['database', 'redis'],
  workers: () => [analyticsWorker()],
};
