/**
 * Events and context of a transaction, for applications. Depends on no other package.
 *
 * @packageDocumentation
 */

export type { Json } from '@walmq/change';
export { type Context, withContext } from './context.js';
export type { Event, Payload } from './event.js';
export { type AggregateEvent, type Outbox, type OutboxOptions, outbox } from './outbox.js';
export { type OutboxColumns, type OutboxTable, outboxSchemaSql } from './outbox-table.js';
export { publish } from './publish.js';
export type { QueryClient } from './query-client.js';
