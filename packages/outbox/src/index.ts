export { type Context, type QueryClient, withContext } from './context.js';
export { type AggregateEvent, type Outbox, type OutboxOptions, outbox } from './outbox.js';
export { type OutboxColumns, type OutboxTable, outboxSchemaSql } from './outbox-table.js';
export { type Event, publish } from './publish.js';
