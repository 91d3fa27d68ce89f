import { type Change, WalmqError } from '@walmq/change';
import { type BatchContext, defineWorker, type WorkerDefinition } from '@walmq/worker';
import type { WebhookBatch, WebhookEndpoint } from './configure/endpoint.js';
import { batchBody, bodyOf, partsWithin } from './request/body.js';
import type { Answer } from './send/answer.js';
import { refusalOf, type Send, webhookId } from './send/send.js';

interface Sendable<C> {
  readonly change: C;
  readonly body: string;
}

/**
 * The worker of an endpoint with `batch`: several changes of its queue are one signed request. The same set of changes has
 * the same `webhook-id` and body. After a failure a change may come again in another set, under the same id of its own.
 */
export function batchWebhookWorker(
  endpoint: WebhookEndpoint,
  batch: WebhookBatch,
  send: Send,
): WorkerDefinition {
  return defineWorker({
    queue: endpoint.queue,
    batch,
    onBatch: async (changes, context) => {
      const sendable = changes.flatMap(change => sendableOf(endpoint, change, context));
      const results = new Map<Change, unknown>();
      const sendPart = untilRefused(send);
      // One after the other: a failed request leaves the rest of the batch to the kit, which tries it in parts.
      for (const part of partsWithin(sendable, batch.maxBytes))
        for (const [change, result] of await deliver(part, context, sendPart)) results.set(change, result);
      return changes.map(change => results.get(change) ?? NOT_SENT);
    },
  });
}

export const NOT_SENT = { action: 'not_sent', reason: 'the endpoint takes no such change' };

/** The change with its body, or nothing if it is not sent. A failed `payload` concerns its change only. */
function sendableOf<C extends Change>(
  endpoint: WebhookEndpoint,
  change: C,
  { job, fail }: BatchContext<C>,
): Sendable<C>[] {
  try {
    const body = bodyOf(endpoint, change, job(change).name);
    return body === undefined ? [] : [{ change, body }];
  } catch (error) {
    fail(change, error);
    return [];
  }
}

/** Sends those changes of a part that were not delivered before, in one request. */
async function deliver<C extends Change>(
  part: readonly Sendable<C>[],
  { effect, fail, signal }: BatchContext<C>,
  send: Send,
): Promise<(readonly [C, unknown])[]> {
  const bodies = new Map(part.map(({ change, body }) => [change, body]));
  const changes = [...bodies.keys()];
  // The name that single requests have: what they have delivered is not sent again when `batch` is turned on or off.
  const results = await effect(changes, 'webhook', async (due, { idempotencyKey, of }) => {
    const items = due.map(change => ({
      id: webhookId(of(change).idempotencyKey),
      body: bodies.get(change) as string,
    }));
    const id = webhookId(idempotencyKey);
    const body = batchBody(items, due.at(-1)?.tx.committedAt as string);
    const answer = await answerOf(send({ id, body, signal }));
    const refusal = refusalOf(answer);
    // If thrown, the kit would split the batch on the last attempt, and every part would be refused in the same way.
    if (refusal?.isEndpoints) for (const change of due) fail(change, refusal.error);
    else if (refusal) throw concernsEndpoint(answer) ? ofWholeBatch(refusal.error) : refusal.error;
    return due.map(() => ({ action: 'delivered', webhook_id: id, status: answer.status }));
  });
  return changes.map((change, index) => [change, results[index]]);
}

/** Sends until the endpoint refuses all changes, whatever they are. Then this answer counts for the rest of the batch. */
function untilRefused(send: Send): Send {
  let last: Answer | undefined;
  return async request => {
    if (last) return last;
    const answer = await send(request);
    if (refusalOf(answer)?.isEndpoints) last = answer;
    return answer;
  };
}

async function answerOf(sent: Promise<Answer>): Promise<Answer> {
  try {
    return await sent;
  } catch (error) {
    const hasNoAnswer = error instanceof WalmqError && error.code.startsWith('WEBHOOK_');
    throw hasNoAnswer ? ofWholeBatch(error) : error;
  }
}

/** About the URL, the credentials, the rate, or what stands before the receiver. No part of the batch fares better. */
const OF_ENDPOINT: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429, 502, 503, 504]);

function concernsEndpoint({ status }: Answer): boolean {
  return OF_ENDPOINT.has(status) || (status >= 300 && status < 400);
}

/** Marks an error for the kit, which then splits no batch before the last attempt. */
function ofWholeBatch(error: Error): Error {
  return Object.assign(error, { wholeBatch: true });
}
