import type { Change, Json } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { readEvent, tooLarge } from './read-event.js';
import { OutboxRoutes } from './route-outbox.js';

/** Reason why a job of the dead-letter queue would go there again; undefined if a queue takes it now. */
export function refusalOf(
  change: Change,
  config: Pick<WalmqConfig, 'queues' | 'outbox'>,
): string | undefined {
  return change.op === 'message' ? refusalOfMessage(change, config) : refusalOfRow(change, config);
}

function refusalOfMessage({ after }: Change, { queues }: Pick<WalmqConfig, 'queues'>): string | undefined {
  const { queue, bytes, content } = (after ?? {}) as Record<string, Json>;
  if (typeof queue !== 'string' || typeof bytes !== 'number' || typeof content !== 'string')
    return 'it is not as capture put it here';
  const taker = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
  if (!taker?.messages) return NO_QUEUE;
  const kept = Buffer.from(content, 'base64');
  const takesRows = taker.tables.length > 0;
  const read = bytes > kept.length ? tooLarge(bytes) : readEvent(kept, { takesRows });
  return read instanceof Error ? read.message : undefined;
}

function refusalOfRow({ after }: Change, config: Pick<WalmqConfig, 'queues' | 'outbox'>): string | undefined {
  if (!config.outbox) return 'no queue takes events from an outbox table';
  const row = after ?? {};
  const valuesOf = (column: string) => (Object.hasOwn(row, column) ? [JSON.stringify(row[column])] : []);
  const routed = new OutboxRoutes(config.outbox, Object.values(config.queues)).route({
    valuesOf,
    orderingTextsOf: valuesOf,
  });
  return routed instanceof Error ? routed.message : undefined;
}

/** Reason to reject a message to a queue that does not exist or takes no messages. */
export const NO_QUEUE = 'no queue of that name takes messages';
