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
    const { smtpUrl, WALMQ_MAIL_FROM: from, WALMQ_INVENTORY_TEAM: team, ...own } = service.environment;
    const mailer = await openMailer({
      ...{ smtpUrl: smtpUrl as string, from },
      mailsPerSecond: own.WALMQ_MAILS_PER_SECOND,
      caPath: own.WALMQ_SMTP_CA,
    });
    service.onStop('smtp', async () => mailer.close());
    return [reservationsWorker(), inventoryWorker({ mailer, team })];
  },
});
