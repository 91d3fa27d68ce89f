import { MAIL_VARIABLES, openMailer } from '@walmq/shop';
import type { WorkerAppOptions } from '@walmq/worker';
import { z } from 'zod';
import { inventoryWorker, reservationsWorker } from './inventory-worker.js';

const OWN = {
  ...MAIL_VARIABLES,
  WALMQ_INVENTORY_TEAM: z.email('must be a mail address').default('inventory-team@example.com'),
};

/** The worker that reserves stock and reports what runs low. */
export const inventoryApp: WorkerAppOptions<typeof OWN> = {
  name: 'inventory-worker',
  defaultPort: 9103,
  needs: ['database', 'redis', 'smtp'],
  own: OWN,
  workers: async service => {
    const mailer = await openMailer(service.environment);
    service.onStop('smtp', async () => mailer.close());
    return [
      reservationsWorker(),
      inventoryWorker({ mailer, team: service.environment.WALMQ_INVENTORY_TEAM }),
    ];
  },
};
