import { type Change, tableName } from '@walmq/change';

/** The default body. */
export interface WebhookPayload {
  /** `orders.update`; `sales.orders.update` outside schema public; for an event its own type. */
  readonly type: string;
  /** Time of the commit: ISO 8601, UTC. */
  readonly timestamp: string;
  /** The change without its context, which is internal. */
  readonly data: Omit<Change, 'context'>;
}

/** The same bytes at every attempt. `name` is the job's name: an event's type, a change's operation. */
export function payloadOf(change: Change, name: string): WebhookPayload {
  const { context: _insiders, ...data } = change;
  const type = name === change.op ? `${tableName(change)}.${name}` : name;
  return { type, timestamp: change.tx.committedAt, data };
}
