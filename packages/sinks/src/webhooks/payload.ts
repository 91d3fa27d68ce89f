import { type Change, tableName } from '@walmq/change';

/** What a receiver gets unless its endpoint says otherwise. */
export interface WebhookPayload {
  /** `orders.update`; `sales.orders.update` outside schema public; of an event its own type. */
  readonly type: string;
  /** When it was committed: ISO 8601, UTC. */
  readonly timestamp: string;
  /** The change, without what the transaction said of itself: that is for insiders. */
  readonly data: Omit<Change, 'context'>;
}

/** The same at every attempt, byte for byte. `name` is the job's: of an event its type, of a change its operation. */
export function payloadOf(change: Change, name: string): WebhookPayload {
  const { context: _insiders, ...data } = change;
  const type = name === change.op ? `${tableName(change)}.${name}` : name;
  return { type, timestamp: change.tx.committedAt, data };
}
