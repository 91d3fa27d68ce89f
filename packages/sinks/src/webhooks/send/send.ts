import { WalmqError } from '@walmq/change';
import { giveUp, postpone } from '@walmq/worker';
import type { WebhookEndpoint } from '../configure/endpoint.js';
import { sign } from '../request/sign.js';
import { type Answer, verdictOf } from './answer.js';
import { createPost } from './post.js';

/** Sends one signed request and resolves to its answer, whatever the status; rejects if there is no answer. */
export type Send = (request: {
  readonly id: string;
  readonly body: string;
  readonly signal: AbortSignal;
}) => Promise<Answer>;

export function sender(endpoint: WebhookEndpoint): Send {
  const post = createPost(endpoint);
  return async ({ id, body, signal }) => {
    const signed = sign({ id, atMs: Date.now(), body, keys: endpoint.keys });
    const headers = { 'content-type': 'application/json', 'user-agent': 'walmq', ...signed };
    return await post({ headers, body, signal });
  };
}

/** The `webhook-id` of a request with this key. */
export function webhookId(idempotencyKey: string): string {
  return `msg_${idempotencyKey}`;
}

/**
 * The error from which the kit makes a retry, a postponement or a failure; undefined if the answer is a success.
 * `isEndpoints`: the endpoint decides for all changes, whatever they are.
 */
export function refusalOf(
  answer: Answer,
): { readonly error: Error; readonly isEndpoints: boolean } | undefined {
  const verdict = verdictOf(answer, Date.now());
  switch (verdict.kind) {
    case 'delivered':
      return undefined;
    case 'gone':
      return {
        error: giveUp('the endpoint answered 410 Gone: it wants no more webhooks.', {
          remedy:
            'Remove it and its queue from the configuration, or retry the change once the receiver is back.',
        }),
        isEndpoints: true,
      };
    case 'later':
      return {
        error: postpone(`the endpoint answered ${answer.status} and asks to wait.`, verdict.retryAfterMs),
        isEndpoints: true,
      };
    case 'failed':
      return {
        error: new WalmqError('WEBHOOK_REFUSED', `the endpoint ${verdict.reason}.`),
        isEndpoints: false,
      };
  }
}
