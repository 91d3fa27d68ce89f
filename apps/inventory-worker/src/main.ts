import { MAIL_VARIABLES, openMailer } from '@walmq/shop';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';
import { inventoryWorker, reservationsWorker } from './inventory-worker.js';

await runWorkerApp({
  name: 'inventory-worker',
  defaultPort: 9103,
  needs: ['database', 'redis', 'smtp'],
  own: {
    ...MAIL_VARIABLES,
    WALMQ_INVENTORY_TEAM: z.email('must be a mail address').default('inventory-team@example.com'),
  },
  workers: async service => {
    const mailer = await openMailer(service.environment);
    service.onStop('smtp', async () => mailer.close());
    return [
      reservationsWorker(),
      inventoryWorker({ mailer, team: service.environment.WALMQ_INVENTORY_TEAM }),
    ];
  },
});
