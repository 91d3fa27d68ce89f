import type { Change } from '@walmq/change';

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
  const table = change.schema === 'public' ? change.table : `${change.schema}.${change.table}`;
  return { type: `${table}.${change.op}`, timestamp: change.tx.committedAt, data };
}
