import { MAIL_VARIABLES, openMailer } from '@walmq/shop';
import { runWorkerApp } from '@walmq/worker';
import { orderWorker } from './order-worker.js';

await runWorkerApp({
  name: 'order-worker',
  defaultPort: 9102,
  needs: ['database', 'redis', 'smtp'],
  own: MAIL_VARIABLES,
  workers: async (service, { pool }) => {
    const mailer = await openMailer(service.environment);
    service.onStop('smtp', async () => mailer.close());
    return [orderWorker({ mailer, pool })];
  },
});
