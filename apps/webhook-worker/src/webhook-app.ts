import { loadWebhooks, webhookWorker } from '@walmq/sinks/webhooks';
import type { WorkerAppOptions } from '@walmq/worker';
import { z } from 'zod';

const OWN = { WALMQ_WEBHOOKS: z.string().default('walmq.webhooks.ts') };

/** The worker that sends changes to the endpoints of walmq.webhooks.ts. */
export const webhookApp: WorkerAppOptions<typeof OWN> = {
  name: 'webhook-worker',
  defaultPort: 9105,
  needs: ['database', 'redis'],
  own: OWN,
  workers: async ({ config, environment }) => {
    const endpoints = await loadWebhooks({ path: environment.WALMQ_WEBHOOKS, env: process.env });
    return endpoints.map(endpoint => webhookWorker({ endpoint, queues: config.queues }));
  },
};
