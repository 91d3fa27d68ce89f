import { createMailer } from '@walmq/shop';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';
import { orderWorker } from './order-worker.js';

await runWorkerApp({
  name: 'order-worker',
  defaultPort: 9102,
  needs: ['database', 'redis', 'smtp'],
  own: { WALMQ_MAIL_FROM: z.string().default('shop@example.com') },
  workers: service => {
    const { smtpUrl, WALMQ_MAIL_FROM: from } = service.environment;
    const mailer = createMailer({ smtpUrl: smtpUrl as string, from });
    service.onStop('smtp', async () => mailer.close());
    return [orderWorker(mailer)];
  },
});
