import { EVENT_LIMITS, type Json, WalmqError } from '@walmq/change';
import type { QueryClient } from './context.js';
import { mistakeIn } from './mistake-in.js';

/** An event for one queue. */
export interface Event {
  /** What happened, such as "order.paid": the job's name, of 1 to 200 characters. */
  readonly type: string;
  /** Events of one key are processed strictly in order. Default: in no order. At most 500 characters. */
  readonly key?: string | number;
  readonly payload?: Json;
  readonly headers?: Readonly<Record<string, Json>>;
  /** Of this job alone; the queue's configuration says the rest. */
  readonly options?: {
    /** How long it waits once its turn has come; it holds back later events of its key. */
    readonly delayMs?: number;
    /** 1 comes first, 2 097 152 last; before them all come jobs without one. */
    readonly priority?: number;
    readonly attempts?: number;
    /** Until the job has finished, or for `ttlMs`, others of the queue with the same id are left out. */
    readonly deduplication?: { readonly id: string; readonly ttlMs?: number };
  };
}

/**
 * Sends an event to a queue that takes messages, within the open transaction: it becomes a job once that has committed,
 * and never was if it rolls back, also to a savepoint before it. Nothing is written to a table.
 * Throws EVENT_INVALID and EVENT_TOO_LARGE (beyond 1 MiB of JSON) before anything is sent: the transaction can go on.
 */
export async function publish(client: QueryClient, queue: string, event: Event): Promise<void> {
  const mistake = mistakeIn(queue, event);
  if (mistake !== undefined)
    throw new WalmqError('EVENT_INVALID', `the event cannot be sent: ${mistake}.`, {
      remedy: 'Correct it: docs/outbox.md says what an event is.',
    });
  const text = JSON.stringify(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > EVENT_LIMITS.bytes)
    throw new WalmqError(
      'EVENT_TOO_LARGE',
      `the event has ${bytes} bytes, and ${EVENT_LIMITS.bytes} are allowed.`,
      { remedy: 'Keep the data in a table, and name its row in the event.' },
    );
  await client.query("SELECT pg_logical_emit_message(true, 'walmq.event.' || $1::text, $2::text)", [
    queue,
    text,
  ]);
}
