import type { EncodedEvent } from '@walmq/change';
import type { Message } from '../protocol/messages.js';
import type { Transaction } from './transaction.js';

/** Prefix of the logical messages that are events. The queue's name follows the prefix. */
export const EVENT_PREFIX = 'walmq.event.';

/** `schema` and `table` of an event's change, taken from the prefix: an event has no table. */
const SCHEMA = 'walmq';
const TABLE = 'event';

/**
 * Encodes an event message as a change with its own position. Every event takes a number, whatever its content and
 * whether or not a queue takes it. So numbers follow from the stream alone and are the same when the stream is read
 * again.
 */
export function encodeEvent(
  { prefix, content }: Extract<Message, { tag: 'message' }>,
  transaction: Transaction,
): EncodedEvent {
  const { id, json: tx } = transaction.next();
  return {
    id,
    op: 'message',
    schema: SCHEMA,
    table: TABLE,
    queue: prefix.slice(EVENT_PREFIX.length),
    content,
    jsonWith: ({ key, after }) =>
      `{"id":"${id}","op":"message","schema":"${SCHEMA}","table":"${TABLE}","key":${key},"before":null,` +
      `"after":${after},"tx":${tx}}`,
  };
}
