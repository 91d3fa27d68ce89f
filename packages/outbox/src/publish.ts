import { EVENT_LIMITS, WalmqError } from '@walmq/change';
import type { Event } from './event.js';
import { eventInvalid } from './event-invalid.js';
import { mistakeIn } from './mistake-in.js';
import { type QueryClient, requireTransaction } from './query-client.js';

/**
 * Sends an event to a queue that takes messages, in the open transaction. After the commit it becomes a job;
 * after a rollback, also to an earlier savepoint, it does not. Writes to no table. Throws EVENT_INVALID and
 * EVENT_TOO_LARGE (above 1 MiB of JSON) before it sends anything, so the transaction can continue.
 */
export async function publish(client: QueryClient, queue: string, event: Event): Promise<void> {
  requireTransaction(client);
  const mistake = mistakeIn(queue, event);
  if (mistake !== undefined) throw eventInvalid(mistake);
  const text = JSON.stringify(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > EVENT_LIMITS.bytes)
    throw new WalmqError(
      'EVENT_TOO_LARGE',
      `the event has ${bytes} bytes, and ${EVENT_LIMITS.bytes} are allowed.`,
      { remedy: 'Keep the data in a table, and name its row in the event.' },
    );
  await client.query("SELECT pg_logical_emit_message(true, 'walmq.event.' || $1::text, $2::text)::text", [
    queue,
    text,
  ]);
}
