import type { Json } from '@walmq/change';
import type { QueryClient } from './context.js';

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
    /** How long after the commit it runs, at the soonest; it holds back later events of its key. */
    readonly delayMs?: number;
    /** 1 comes first, 2 097 152 last; before them all come jobs without one. */
    readonly priority?: number;
    readonly attempts?: number;
    /** While a job with this id is there, or for `ttlMs`, others with the same id are left out. */
    readonly deduplication?: { readonly id: string; readonly ttlMs?: number };
  };
}

/**
 * Sends an event to a queue that takes messages, within the open transaction: it becomes a job once that has committed,
 * and never was if it rolls back, also to a savepoint before it. Nothing is written to a table.
 */
export async function publish(client: QueryClient, queue: string, event: Event): Promise<void> {
  await client.query("SELECT pg_logical_emit_message(true, 'walmq.event.' || $1::text, $2::text)", [
    queue,
    JSON.stringify(event),
  ]);
}
