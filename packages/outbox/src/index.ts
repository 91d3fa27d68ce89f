export { type Context, type QueryClient, withContext } from './context.js';
export type { Event } from './event.js';
export { type AggregateEvent, type Outbox, type OutboxOptions, outbox } from './outbox.js';
export { type OutboxColumns, type OutboxTable, outboxSchemaSql } from './outbox-table.js';
export { publish } from './publish.js';
