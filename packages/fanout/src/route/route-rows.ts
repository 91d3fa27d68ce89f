import type { EncodedChange } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Job } from '../job.js';
import type { FormerKeys } from './former-keys.js';
import { keyPrefixOf, type OrderRoute, orderChange } from './order-change.js';
import { Shape } from './shape.js';
import type { ChangeWriter } from './write-change.js';

export interface RowRoutesOptions {
  /** All queues. The number of a queue is its index. */
  readonly queues: readonly QueueConfig[];
  /** Ordering keys of jobs that an older version left, by the queue's number. */
  readonly formerKeys?: ReadonlyMap<number, FormerKeys> | undefined;
  readonly idSuffix: string;
}

interface Route extends OrderRoute {
  readonly queue: number;
}

/** Routes rows by table to the queues that name it. */
export class RowRoutes {
  /** Routes by schema, then by table, so that no change needs a joined name. */
  readonly #routes: ReadonlyMap<string, ReadonlyMap<string, readonly Route[]>>;
  readonly #idSuffix: string;
  readonly #writer: ChangeWriter;

  constructor(options: RowRoutesOptions, writer: ChangeWriter) {
    this.#routes = routesByTable(options);
    this.#idSuffix = options.idSuffix;
    this.#writer = writer;
  }

  route(change: EncodedChange): Job[] {
    const routes = this.#routesOf(change);
    if (!routes) return [];
    const takes = ({ table }: Route) => !table.operations || table.operations.has(change.op);
    return this.#jobsOf(change, routes.every(takes) ? routes : routes.filter(takes));
  }

  /** The job of a row that was read for one queue, whatever operations the queue takes. */
  routeRead(change: EncodedChange, queue: number): Job[] {
    const routes = this.#routesOf(change) ?? [];
    return this.#jobsOf(
      change,
      routes.filter(route => route.queue === queue),
    );
  }

  /**
   * The job of a change that is sent again to one queue. Returns an error if the change lacks the column that orders the
   * queue.
   */
  routeRewound(change: EncodedChange, queueName: string): Job[] | Error {
    const routes = this.#routesOf(change) ?? [];
    const taken = routes.filter(route => route.queueName === queueName);
    const unplaced = taken.map(route => orderChange(change, route).unplaced).find(reason => reason);
    return unplaced === undefined ? this.#jobsOf(change, taken) : new Error(unplaced);
  }

  #routesOf({ schema, table }: EncodedChange): readonly Route[] | undefined {
    return this.#routes.get(schema)?.get(table);
  }

  #jobsOf(change: EncodedChange, taken: readonly Route[]): Job[] {
    if (taken.length === 0) return [];
    const id = `${change.id}-${this.#idSuffix}`;
    // Written once for all queues that take the whole change.
    const whole = taken.some(({ shape }) => !shape) ? this.#writer.write(change, undefined) : undefined;
    const jobs: Job[] = [];
    for (const route of taken) {
      const written = route.shape ? this.#writer.write(change, route.shape) : whole;
      if (written === undefined) continue;
      const { unplaced, orderingKeys, formerKeys } = orderChange(change, route);
      const data = unplaced === undefined ? written : this.#writer.park(change, route.shape, unplaced);
      const job: Job = { queue: route.queue, id, name: change.op, data, orderingKeys };
      jobs.push(formerKeys ? { ...job, formerKeys } : job);
    }
    return jobs;
  }
}

function routesByTable({ queues, formerKeys }: RowRoutesOptions): Map<string, Map<string, Route[]>> {
  const routes = new Map<string, Map<string, Route[]>>();
  for (const [index, queue] of queues.entries()) {
    const shape = queue.shape && new Shape(queue.name, queue.shape);
    for (const table of queue.tables) {
      const route: Route = {
        queue: index,
        queueName: queue.name,
        table,
        keyPrefix: keyPrefixOf(table, queue.tables.length),
        shape,
        formerKeys: formerKeys?.get(index),
      };
      const ofSchema = routes.get(table.schema) ?? new Map<string, Route[]>();
      ofSchema.set(table.table, [...(ofSchema.get(table.table) ?? []), route]);
      routes.set(table.schema, ofSchema);
    }
  }
  return routes;
}
