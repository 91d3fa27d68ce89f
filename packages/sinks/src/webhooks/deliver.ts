import { type Change, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { everyChange, giveUp, postpone, type WorkerDefinition } from '@walmq/worker';
import { type Answer, verdictOf } from './answer.js';
import type { WebhookEndpoint } from './endpoint.js';
import { createPost } from './post.js';
import { sign } from './sign.js';

/**
 * The worker of one endpoint: each change of its queue is one signed request, in order per key. A change has
 * the same `webhook-id` and body at every attempt, so that the receiver can recognise a repetition.
 */
export function webhookWorker(options: {
  readonly endpoint: WebhookEndpoint;
  readonly queues: WalmqConfig['queues'];
}): WorkerDefinition {
  const { endpoint, queues } = options;
  const post = createPost(endpoint);
  return everyChange({
    queue: endpoint.queue,
    queues,
    handler: async (change, { name, effect, signal }) => {
      const body = bodyOf(endpoint, change, name);
      if (body === undefined) return { action: 'not_sent', reason: 'the endpoint takes no such change' };
      return await effect(change, 'webhook', async ({ idempotencyKey }) => {
        const id = `msg_${idempotencyKey}`;
        const signed = sign({ id, atMs: Date.now(), body, keys: endpoint.keys });
        const headers = { 'content-type': 'application/json', 'user-agent': 'walmq', ...signed };
        const answer = await post({ headers, body, signal });
        refuse(answer);
        return { action: 'delivered', webhook_id: id, status: answer.status };
      });
    },
  });
}

function bodyOf({ payload, queue }: WebhookEndpoint, change: Change, name: string): string | undefined {
  try {
    return JSON.stringify(payload(change, name));
  } catch (cause) {
    // The cause's message may contain the row.
    throw Object.assign(giveUp(`the payload function of endpoint "${queue}" failed.`), { cause });
  }
}

/** Throws errors from which the kit makes a retry, a postponement or a failure. */
function refuse(answer: Answer): void {
  const verdict = verdictOf(answer, Date.now());
  switch (verdict.kind) {
    case 'delivered':
      return;
    case 'gone':
      throw giveUp('the endpoint answered 410 Gone: it wants no more webhooks.', {
        remedy:
          'Remove it and its queue from the configuration, or retry the change once the receiver is back.',
      });
    case 'later':
      throw postpone(`the endpoint answered ${answer.status} and asks to wait.`, verdict.retryAfterMs);
    case 'failed':
      throw new WalmqError('WEBHOOK_REFUSED', `the endpoint ${verdict.reason}.`);
  }
}
