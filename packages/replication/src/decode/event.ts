import type { EncodedEvent } from '@walmq/change';
import type { Message } from '../protocol/messages.js';
import type { Transaction } from './transaction.js';

/** Before the name of a queue: prefix of the logical messages that are events. */
export const EVENT_PREFIX = 'walmq.event.';

/** Where an event stands in place of a table's schema and name: as its prefix says. */
const SCHEMA = 'walmq';
const TABLE = 'event';

/**
 * A message with our prefix as a change with a position of its own. It takes a number whatever it says and whoever is
 * there to take it: numbers follow from the stream alone, so that they are the same when it is read again.
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
