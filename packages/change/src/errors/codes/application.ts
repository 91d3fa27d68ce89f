import { errorSection } from '../entry.js';

export const applicationErrors = errorSection({
  EVENT_INVALID: {
    meaning: '`publish` was called with an event that has a missing, malformed or unknown field.',
    remedy: 'Correct the call: [events](../guides/outbox.md).',
    from: ['application'],
    outcome: 'refused',
  },
  EVENT_TOO_LARGE: {
    meaning: '`publish` was called with an event that is larger than allowed.',
    remedy: 'Keep the data in a table, and name its row in the event.',
    from: ['application'],
    outcome: 'refused',
  },
  TRANSACTION_REQUIRED: {
    meaning:
      '`publish` or `withContext` was called without an open transaction. An event outside the transaction would be delivered although the transaction rolls back.',
    remedy: 'Pass the open transaction: [libraries and their adapters](../guides/libraries.md).',
    from: ['application'],
    outcome: 'refused',
  },
  OUTBOX_ROW_KEPT: {
    meaning:
      "The event's row in the outbox table was written and cannot be deleted, because `query()` returned no rows.",
    remedy:
      'Roll the transaction back. Then use `keepRows: true`, or [an adapter](../guides/libraries.md) whose `query()` returns rows.',
    from: ['application'],
    outcome: 'refused',
  },
  CONTEXT_TOO_LARGE: {
    meaning:
      'The context of a transaction is larger than allowed. Every change of the transaction carries it.',
    remedy: 'Keep the data in a table, and name its row in the context: [context](../guides/context.md).',
    from: ['application'],
    outcome: 'refused',
  },
});
