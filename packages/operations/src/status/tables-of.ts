import { publishedTables, type WalmqConfig } from '@walmq/config';
import type { SetupRoute, SetupTable } from '@walmq/setup';

/** Every table that any queue reads, once, with what the queues need of it. */
export function tablesOf(config: WalmqConfig): SetupTable[] {
  return publishedTables(config).map(({ schema, table }) => {
    // No queue reads it as a table too: the configuration rejects that.
    if (config.outbox?.schema === schema && config.outbox.table === table)
      return { schema, table, newRowsOnly: true, routes: outboxRoutes(config) };
    const routes = Object.values(config.queues).flatMap(queue =>
      queue.tables
        .filter(route => route.schema === schema && route.table === table)
        .map(({ orderBy, operations }) => ({ queue: queue.name, orderBy, operations })),
    );
    return { schema, table, routes };
  });
}

/**
 * What every queue needs of the outbox table that it takes events from: the columns that decide a row's
 * route.
 */
function outboxRoutes({ queues, outbox }: WalmqConfig): SetupRoute[] {
  if (!outbox) return [];
  const { aggregateType, aggregateId, type } = outbox.columns;
  return Object.values(queues)
    .filter(queue => queue.outbox.length > 0)
    .flatMap(({ name }) =>
      [aggregateType, aggregateId, type].map(column => ({
        queue: name,
        orderBy: { column },
        operations: new Set(['insert']),
      })),
    );
}
