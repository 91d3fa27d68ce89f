import { MAIL_VARIABLES, openMailer } from '@walmq/shop';
import type { WorkerAppOptions } from '@walmq/worker';
import { orderWorker } from './order-worker.js';

/** The worker that confirms orders and follows their status. */
export const orderApp: WorkerAppOptions<typeof MAIL_VARIABLES> = {
  name: 'order-worker',
  defaultPort: 9102,
  needs: ['database', 'redis', 'smtp'],
  own: MAIL_VARIABLES,
  workers: async (service, { pool }) => {
    const mailer = await openMailer(service.environment);
    service.onStop('smtp', async () => mailer.close());
    return [orderWorker({ mailer, pool })];
  },
};
