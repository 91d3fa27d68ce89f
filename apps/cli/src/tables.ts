import { publishedTables, type WalmqConfig } from '@walmq/config';
import type { SetupTable } from '@walmq/replication';

/** Every table any queue reads, once, with what the queues want of it. */
export function tablesOf(config: WalmqConfig): SetupTable[] {
  return publishedTables(config).map(({ schema, table }) => ({
    schema,
    table,
    routes: Object.values(config.queues).flatMap(queue =>
      queue.tables
        .filter(route => route.schema === schema && route.table === table)
        .map(({ orderBy, operations }) => ({ queue: queue.name, orderBy, operations })),
    ),
  }));
}
