import { type EncodedChange, WalmqError } from '@walmq/change';
import type { QueueConfig, TableRoute } from '@walmq/config';
import type { Job } from './job.js';

interface Route {
  readonly queue: number;
  readonly queueName: string;
  readonly table: TableRoute;
  /** Keeps the keys of two tables in one queue apart when each is ordered by its own key. */
  readonly keyPrefix: string;
}

/**
 * The fan-out: which jobs a change becomes, one for every queue that names its table. The number of a queue is
 * its place in `queues`. `idSuffix` tells databases apart that feed one Redis.
 */
export class Router {
  readonly #routes: ReadonlyMap<string, readonly Route[]>;
  readonly #idSuffix: string;

  constructor(queues: readonly QueueConfig[], idSuffix: string) {
    this.#routes = routesByTable(queues);
    this.#idSuffix = idSuffix;
  }

  /** Throws ORDER_COLUMN_MISSING when PostgreSQL did not send the column that orders a queue. */
  route(change: EncodedChange): Job[] {
    const routes = this.#routes.get(`${change.schema}.${change.table}`);
    if (!routes) return [];
    const taken = routes.filter(({ table }) => !table.operations || table.operations.has(change.op));
    if (taken.length === 0) return [];
    const id = `${change.id}-${this.#idSuffix}`;
    const data = change.json;
    return taken.map(route => ({
      queue: route.queue,
      id,
      name: change.op,
      data,
      orderingKeys: orderingKeys(change, route),
    }));
  }
}

function routesByTable(queues: readonly QueueConfig[]): Map<string, Route[]> {
  const routes = new Map<string, Route[]>();
  for (const [index, queue] of queues.entries())
    for (const table of queue.tables) {
      const name = `${table.schema}.${table.table}`;
      const keyPrefix = queue.tables.length > 1 ? `${name} ` : '';
      const route = { queue: index, queueName: queue.name, table, keyPrefix };
      routes.set(name, [...(routes.get(name) ?? []), route]);
    }
  return routes;
}

/** A table without a key is ordered as a whole: too much order is slow, too little is wrong. */
function orderingKeys(change: EncodedChange, { table, keyPrefix, queueName }: Route): readonly string[] {
  const { orderBy } = table;
  if (orderBy === false || change.op === 'truncate') return [];
  if (orderBy === 'key') return [keyPrefix + (change.keyText ?? '')];
  const values = change.valuesOf(orderBy.column);
  if (values.length > 0) return values;
  throw new WalmqError(
    'ORDER_COLUMN_MISSING',
    `queue "${queueName}" is ordered by ${change.schema}.${change.table}.${orderBy.column}, which change ${change.id} does not carry.`,
    {
      remedy: `Run ALTER TABLE ${change.schema}.${change.table} REPLICA IDENTITY FULL; or name another column in orderBy.`,
    },
  );
}
