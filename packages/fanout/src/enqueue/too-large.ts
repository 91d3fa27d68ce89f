import { WalmqError } from '@walmq/change';
import type { Batch } from './batch.js';
import { changeOf } from './batch-refused.js';

/**
 * Whether Redis closed the connection because an argument is larger than proto-max-bulk-len (default 512 MB). Redis ran
 * nothing. https://redis.io/docs/latest/develop/reference/protocol-spec/#bulk-strings
 */
export function isTooLarge(error: unknown): boolean {
  return /Protocol error: invalid bulk length/i.test((error as Error).message);
}

/** ENQUEUE_REFUSED for the largest change of a batch, since Redis does not name the argument. */
export function tooLargeForRedis(batch: Batch, queueNames: readonly string[], cause: unknown): WalmqError {
  const largest = batch.jobs.reduce((one, other) => (other.data.length > one.data.length ? other : one));
  const bytes = Buffer.byteLength(largest.data);
  const queue = queueNames[largest.queue] as string;
  return new WalmqError(
    'ENQUEUE_REFUSED',
    `${changeOf(largest)} takes ${bytes} bytes in queue "${queue}", and Redis takes no argument of that size (proto-max-bulk-len). ` +
      'Nothing of the batch is in Redis, and nothing of it was acknowledged.',
    {
      remedy:
        'Raise proto-max-bulk-len (CONFIG SET, and in redis.conf), or set maxBytes for the queue in walmq.config.ts; then start capture again.',
      facts: { queue, job: largest.id, bytes },
      cause,
    },
  );
}
