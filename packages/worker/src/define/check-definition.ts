import { OPERATIONS, type Operation, tableName, WalmqError } from '@walmq/change';
import type { QueueConfig, TableRoute } from '@walmq/config';
import type { WorkerDefinition } from './define.js';

/**
 * Returns the configured queue of a definition. Rejects handlers that could never run, because such a mistake would
 * otherwise only show as a missing effect. Throws QUEUE_UNKNOWN, TABLE_NOT_IN_QUEUE, WORKER_OPERATION_UNKNOWN,
 * WORKER_OPERATION_EXCLUDED, WORKER_EVENTS_UNKNOWN or WORKER_QUEUE_RESERVED.
 */
export function checkDefinition(
  { queue, on, events }: WorkerDefinition,
  queues: Readonly<Record<string, QueueConfig>>,
): QueueConfig {
  const config = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
  if (!config)
    throw new WalmqError('QUEUE_UNKNOWN', `there is no queue "${queue}" in the configuration.`, {
      remedy: `Add it to walmq.config.ts, whose queues are: ${Object.keys(queues).join(', ')}.`,
      facts: { queue },
    });
  for (const [table, handlers] of on) {
    const route = config.tables.find(each => tableName(each) === table);
    if (!route) throw unknownTable(config, table);
    for (const operation of handlers.keys()) checkOperation(queue, route, operation);
  }
  // A queue that nothing in the configuration feeds is a dead-letter queue.
  const takesEvents = config.messages || config.outbox.length > 0;
  if (config.tables.length === 0 && !takesEvents)
    throw new WalmqError('WORKER_QUEUE_RESERVED', `queue "${queue}" is a dead-letter queue.`, {
      remedy:
        'Capture fails its events with their reasons. Read them with npx walmq failed (docs/guides/outbox.md).',
      facts: { queue },
    });
  if (events.size > 0 && !takesEvents)
    throw new WalmqError(
      'WORKER_EVENTS_UNKNOWN',
      `queue "${queue}" has handlers for events, but takes no events.`,
      {
        remedy: 'Give it "messages" or "outbox" in walmq.config.ts; or remove the handlers.',
        facts: { queue },
      },
    );
  return config;
}

/** Tables of the queue without any handler. */
export function unhandledTables({ on, batch }: WorkerDefinition, { tables }: QueueConfig): string[] {
  if (batch) return [];
  return tables.map(tableName).filter(table => (on.get(table)?.size ?? 0) === 0);
}

function unknownTable({ name, tables }: QueueConfig, table: string): WalmqError {
  return new WalmqError(
    'TABLE_NOT_IN_QUEUE',
    `queue "${name}" has a handler for table "${table}", which does not feed it.`,
    {
      remedy: `Add the table to the queue in walmq.config.ts; it is fed by: ${tables.map(tableName).join(', ')}.`,
      facts: { queue: name, table },
    },
  );
}

function checkOperation(queue: string, route: TableRoute, operation: string): void {
  const table = tableName(route);
  const facts = { queue, table, operation };
  if (!OPERATIONS.includes(operation as Operation))
    throw new WalmqError(
      'WORKER_OPERATION_UNKNOWN',
      `queue "${queue}" has a handler for operation "${operation}" of table "${table}", which does not exist.`,
      { remedy: `The operations are: ${OPERATIONS.join(', ')}.`, facts },
    );
  if (route.operations?.has(operation as Operation) === false)
    throw new WalmqError(
      'WORKER_OPERATION_EXCLUDED',
      `queue "${queue}" has a handler for operation "${operation}" of table "${table}", which the queue does not take.`,
      {
        remedy: `Add it to "operations" in walmq.config.ts, which are: ${[...route.operations].join(', ')}; or remove the handler.`,
        facts,
      },
    );
}
