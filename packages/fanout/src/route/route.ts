import {
  type ChangeName,
  type EncodedChange,
  type EncodedEvent,
  EVENT_LIMITS,
  qualifiedName,
} from '@walmq/change';
import type { OutboxConfig, QueueConfig } from '@walmq/config';
import type { Job } from '../job.js';
import type { FormerKeys } from './former-keys.js';
import { type Order, type OrderRoute, orderChange } from './order-change.js';
import { parkedJson, parkReason } from './park-change.js';
import { type EventQueue, readEvent } from './read-event.js';
import { NO_QUEUE } from './refusal.js';
import { OutboxRoutes } from './route-outbox.js';
import { Shape } from './shape.js';

export interface RouterOptions {
  /** The number of a queue is its place in here. */
  readonly queues: readonly QueueConfig[];
  readonly outbox?: OutboxConfig | undefined;
  /** Name of the queue for events that cannot be read or that no queue takes; without one they are left out. */
  readonly malformed?: string | undefined;
  /** Tells databases apart that feed one Redis. */
  readonly idSuffix: string;
  /** By the queue's number: what an older version has left. */
  readonly formerKeys?: ReadonlyMap<number, FormerKeys> | undefined;
  /** Told of such an event, and why; never of what it holds. */
  readonly onMalformed: (change: ChangeName, reason: string) => void;
  /** Told of a change that cannot be written out, and why; never of what it holds. */
  readonly onParked: (change: ChangeName, reason: string) => void;
}

interface Route extends OrderRoute {
  readonly queue: number;
}

/** The fan-out: which jobs a change becomes, one for every queue that names its table. An event becomes one too. */
export class Router {
  /** By schema, then by table: no text of both has to be made for every change. */
  readonly #routes: ReadonlyMap<string, ReadonlyMap<string, readonly Route[]>>;
  readonly #options: RouterOptions;
  readonly #idSuffix: string;
  /** The queues that take logical messages, by their names. */
  readonly #messages: ReadonlyMap<string, { readonly queue: number } & EventQueue>;
  /** Undefined when there is none. */
  readonly #malformed: number | undefined;
  readonly #outboxTable: OutboxConfig | undefined;
  readonly #outbox: OutboxRoutes | undefined;

  constructor(options: RouterOptions) {
    const { queues, outbox, malformed } = options;
    this.#routes = routesByTable(options);
    this.#options = options;
    this.#idSuffix = options.idSuffix;
    this.#messages = new Map(
      [...queues.entries()]
        .filter(([, { messages }]) => messages)
        .map(([queue, { name, tables }]) => [name, { queue, takesRows: tables.length > 0 }]),
    );
    const malformedAt = queues.findIndex(({ name }) => name === malformed);
    this.#malformed = malformedAt < 0 ? undefined : malformedAt;
    this.#outboxTable = outbox;
    this.#outbox = outbox && new OutboxRoutes(outbox, queues);
  }

  route(change: EncodedChange): Job[] {
    const jobs = this.#routeRow(change);
    // Only what is put in is an event: an outbox's rows may be updated and deleted at will.
    return change.table === this.#outboxTable?.table &&
      change.schema === this.#outboxTable.schema &&
      change.op === 'insert'
      ? [...jobs, ...this.#routeOutbox(change)]
      : jobs;
  }

  /** The job of an event that was sent as a message; of one that cannot be read the job that says why. */
  routeEvent(event: EncodedEvent): Job[] {
    const taker = this.#messages.get(event.queue);
    const read = taker === undefined ? new Error(NO_QUEUE) : readEvent(event.content, taker);
    if (taker === undefined || read instanceof Error) {
      // As much of it as an event may have: what is too large is not let in by the back door.
      const content = event.content.subarray(0, EVENT_LIMITS.bytes).toString('base64');
      const bytes = event.content.length;
      const after = JSON.stringify({
        queue: event.queue.slice(0, EVENT_LIMITS.queueCharacters),
        bytes,
        content,
      });
      const data = event.jsonWith({ key: 'null', after });
      return this.#refuse(event, data, (read as Error).message);
    }
    const { type, key, json, options } = read;
    const keyJson = JSON.stringify(key) as string | undefined;
    // A number is as a row's ordering text has it: a string.
    const orderingKeys =
      key === undefined ? [] : [(taker.takesRows ? EVENT_KEY : '') + JSON.stringify(String(key))];
    return [
      {
        queue: taker.queue,
        id: this.#jobId(event),
        name: type,
        data: event.jsonWith({
          key: keyJson === undefined ? 'null' : `{"key":${keyJson}}`,
          after: json,
        }),
        ...this.#order(taker.queue, orderingKeys, keyJson === undefined ? [] : [keyJson]),
        ...(options === undefined ? {} : { options }),
      },
    ];
  }

  /** The job of a row that was read for one queue, whatever operations it takes. */
  routeRead(change: EncodedChange, queue: number): Job[] {
    const routes = this.#routesOf(change) ?? [];
    return this.#jobsOf(
      change,
      routes.filter(route => route.queue === queue),
    );
  }

  /**
   * The job of a change that is sent again to one queue; none when the queue takes no such change. An error where it was
   * kept without what orders it there: it is in the log as well as before, and stops nothing.
   */
  routeRewound(change: EncodedChange, queueName: string): Job[] | Error {
    const routes = this.#routesOf(change) ?? [];
    const taken = routes.filter(route => route.queueName === queueName);
    const unplaced = taken.map(route => orderChange(change, route).unplaced).find(reason => reason);
    return unplaced === undefined ? this.#jobsOf(change, taken) : new Error(unplaced);
  }

  #routeOutbox(change: EncodedChange): Job[] {
    if (change.doubt !== undefined)
      return this.#refuse(change, this.#dataOf(change, undefined) as string, change.doubt);
    const event = this.#outbox?.route(change) as ReturnType<OutboxRoutes['route']>;
    const data = this.#dataOf(change, undefined) as string;
    if (event instanceof Error) return this.#refuse(change, data, event.message);
    const id = this.#jobId(change);
    const { queues, type, orderingKeys, named } = event;
    return queues.map(queue => ({
      queue,
      id,
      name: type,
      data,
      ...this.#order(queue, orderingKeys, named),
    }));
  }

  /** Of an event; `named`: its keys as an older version named them. */
  #order(queue: number, orderingKeys: readonly string[], named: readonly string[]): Order {
    const former = this.#options.formerKeys?.get(queue);
    return former
      ? { orderingKeys, formerKeys: former.of(orderingKeys, named, key => key) }
      : { orderingKeys };
  }

  /** Nothing an application writes may stop the stream, and nothing is lost: somebody has to look at it. */
  #refuse(change: ChangeName, json: string, reason: string): Job[] {
    this.#options.onMalformed(change, reason);
    if (this.#malformed === undefined) return [];
    const data = `${json.slice(0, -1)},"reason":${JSON.stringify(reason)}}`;
    return [{ queue: this.#malformed, id: this.#jobId(change), name: 'malformed', data, orderingKeys: [] }];
  }

  /** Undefined when the change is nothing to the queue. What cannot be written out is parked by its key. */
  #dataOf(change: EncodedChange, shape: Shape | undefined): string | undefined {
    try {
      return shape ? shapedData(change, shape) : wholeData(change);
    } catch (error) {
      const reason = parkReason(error);
      this.#options.onParked(change, reason);
      return parkedJson(change, shape, reason);
    }
  }

  #jobId({ id }: ChangeName): string {
    return `${id}-${this.#idSuffix}`;
  }

  #routesOf({ schema, table }: EncodedChange): readonly Route[] | undefined {
    return this.#routes.get(schema)?.get(table);
  }

  #routeRow(change: EncodedChange): Job[] {
    const routes = this.#routesOf(change);
    if (!routes) return [];
    return this.#jobsOf(
      change,
      routes.filter(({ table }) => !table.operations || table.operations.has(change.op)),
    );
  }

  #jobsOf(change: EncodedChange, taken: readonly Route[]): Job[] {
    if (taken.length === 0) return [];
    const id = this.#jobId(change);
    // Written once for all queues that take it as it is.
    const whole = taken.some(({ shape }) => !shape) ? this.#dataOf(change, undefined) : undefined;
    const jobs: Job[] = [];
    for (const route of taken) {
      const written = route.shape ? this.#dataOf(change, route.shape) : whole;
      if (written === undefined) continue;
      const { unplaced, ...order } = orderChange(change, route);
      if (unplaced !== undefined) this.#options.onParked(change, unplaced);
      const data = unplaced === undefined ? written : parkedJson(change, route.shape, unplaced);
      jobs.push({ queue: route.queue, id, name: change.op, data, ...order });
    }
    return jobs;
  }
}

/** As it is; what is in doubt says so, and fails in its worker rather than pass for what it may not be. */
function wholeData(change: EncodedChange): string {
  const { doubt } = change;
  if (doubt === undefined) return change.json;
  return change.jsonShaped(() => 'keep', { shapeError: JSON.stringify(doubt) });
}

function shapedData(change: EncodedChange, shape: Shape): string | undefined {
  return change.doubt === undefined ? shape.apply(change) : shape.refused(change, change.doubt);
}

function routesByTable({ queues, formerKeys }: RouterOptions): Map<string, Map<string, Route[]>> {
  const routes = new Map<string, Map<string, Route[]>>();
  const shapes = new Map(
    queues.flatMap(queue => (queue.shape ? [[queue, new Shape(queue.name, queue.shape)]] : [])),
  );
  for (const [index, queue] of queues.entries())
    for (const table of queue.tables) {
      const route: Route = {
        queue: index,
        queueName: queue.name,
        table,
        keyPrefix: queue.tables.length > 1 ? `${qualifiedName(table)} ` : '',
        shape: shapes.get(queue),
        formerKeys: formerKeys?.get(index),
      };
      const ofSchema = routes.get(table.schema) ?? new Map<string, Route[]>();
      ofSchema.set(table.table, [...(ofSchema.get(table.table) ?? []), route]);
      routes.set(table.schema, ofSchema);
    }
  return routes;
}

/**
 * Before an event's key where rows are ordered too; as no ordering key of a row begins. Every role may send events: an event
 * that waits for a year, or fails for good, must not park a row behind it.
 */
const EVENT_KEY = 'event:';
