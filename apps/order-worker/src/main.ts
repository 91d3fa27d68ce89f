import { MAIL_VARIABLES, openMailer } from '@walmq/shop';
import { runWorkerApp } from '@walmq/worker';
import { orderWorker } from './order-worker.js';

await runWorkerApp({
  name: 'order-worker',
  defaultPort: 9102,
  needs: ['database', 'redis', 'smtp'],
  own: MAIL_VARIABLES,
  workers: async (service, { pool }) => {
    const { smtpUrl, WALMQ_MAIL_FROM: from, ...own } = service.environment;
    const mailer = await openMailer({
      ...{ smtpUrl: smtpUrl as string, from },
      mailsPerSecond: own.WALMQ_MAILS_PER_SECOND,
      caPath: own.WALMQ_SMTP_CA,
    });
    service.onStop('smtp', async () => mailer.close());
    return [orderWorker({ mailer, pool })];
  },
});
