import type { Change } from '@walmq/change';
import { tableName } from '@walmq/worker';

/** What a receiver gets unless its endpoint says otherwise. */
export interface WebhookPayload {
  /** `orders.update`; `sales.orders.update` outside schema public. */
  readonly type: string;
  /** When it was committed: ISO 8601, UTC. */
  readonly timestamp: string;
  /** The change, without what the transaction said of itself: that is for insiders. */
  readonly data: Omit<Change, 'context'>;
}

/** The same at every attempt, byte for byte. */
export function payloadOf(change: Change): WebhookPayload {
  const { context: _insiders, ...data } = change;
  return { type: `${tableName(change)}.${change.op}`, timestamp: change.tx.committedAt, data };
}
