import { createMailer } from '@walmq/shop';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';
import { inventoryWorker, reservationsWorker } from './inventory-worker.js';

await runWorkerApp({
  name: 'inventory-worker',
  defaultPort: 9103,
  needs: ['database', 'redis', 'smtp'],
  own: {
    WALMQ_MAIL_FROM: z.string().default('shop@example.com'),
    WALMQ_INVENTORY_TEAM: z.email('must be a mail address').default('inventory-team@example.com'),
  },
  workers: service => {
    const { smtpUrl, WALMQ_MAIL_FROM: from, WALMQ_INVENTORY_TEAM: team } = service.environment;
    const mailer = createMailer({ smtpUrl: smtpUrl as string, from });
    service.onStop('smtp', async () => mailer.close());
    return [reservationsWorker(), inventoryWorker({ mailer, team })];
  },
});
