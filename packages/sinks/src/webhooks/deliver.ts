import type { WalmqConfig } from '@walmq/config';
import { everyChange, type WorkerDefinition } from '@walmq/worker';
import type { WebhookEndpoint } from './configure/endpoint.js';
import { batchWebhookWorker, NOT_SENT } from './deliver-batch.js';
import { bodyOf } from './request/body.js';
import { refusalOf, sender, webhookId } from './send/send.js';

/**
 * The worker of one endpoint: each change of its queue is one signed request, in order per key. A change has
 * the same `webhook-id` and body at every attempt, so that the receiver can recognise a repetition. With `batch`, one
 * request has several changes.
 */
export function webhookWorker(options: {
  readonly endpoint: WebhookEndpoint;
  readonly queues: WalmqConfig['queues'];
}): WorkerDefinition {
  const { endpoint, queues } = options;
  const send = sender(endpoint);
  if (endpoint.batch) return batchWebhookWorker(endpoint, endpoint.batch, send);
  return everyChange({
    queue: endpoint.queue,
    queues,
    handler: async (change, { name, effect, signal }) => {
      const body = bodyOf(endpoint, change, name);
      if (body === undefined) return NOT_SENT;
      return await effect(change, 'webhook', async ({ idempotencyKey }) => {
        const id = webhookId(idempotencyKey);
        const answer = await send({ id, body, signal });
        const refusal = refusalOf(answer);
        if (refusal) throw refusal.error;
        return { action: 'delivered', webhook_id: id, status: answer.status };
      });
    },
  });
}
