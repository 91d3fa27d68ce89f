import type { Change } from '@walmq/change';
import { tableName } from '@walmq/worker';

/** What a receiver gets unless its endpoint says otherwise. */
export interface WebhookPayload {
  /** `orders.update`; `sales.orders.update` outside schema public; of an event sent as a message its own type. */
  readonly type: string;
  /** When it was committed: ISO 8601, UTC. */
  readonly timestamp: string;
  /** The change, without what the transaction said of itself: that is for insiders. */
  readonly data: Omit<Change, 'context'>;
}

/** The same at every attempt, byte for byte. */
export function payloadOf(change: Change): WebhookPayload {
  const { context: _insiders, ...data } = change;
  return { type: typeOf(change), timestamp: change.tx.committedAt, data };
}

function typeOf(change: Change): string {
  // What reads messages has made sure that it is there.
  if (change.op === 'message') return String(change.after?.type);
  return `${tableName(change)}.${change.op}`;
}
