import { runWorkerApp } from '@walmq/worker';
import { analyticsWorker } from './analytics-worker.js';

await runWorkerApp({
  name: 'analytics-worker',
  defaultPort: 9104,
  needs: ['database', 'redis'],
  workers: () => [analyticsWorker()],
});
