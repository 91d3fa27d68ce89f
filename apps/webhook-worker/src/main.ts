import { loadWebhooks, webhookWorker } from '@walmq/sinks/webhooks';
import { runWorkerApp } from '@walmq/worker';
import { z } from 'zod';

await runWorkerApp({
  name: 'webhook-worker',
  defaultPort: 9105,
  needs: ['database', 'redis'],
  own: { WALMQ_WEBHOOKS: z.string().default('walmq.webhooks.ts') },
  workers: async ({ config, environment }) => {
    const endpoints = await loadWebhooks({ path: environment.WALMQ_WEBHOOKS, env: process.env });
    return endpoints.map(endpoint => webhookWorker({ endpoint, queues: config.queues }));
  },
});
