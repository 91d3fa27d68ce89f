import type { EncodedChange } from '@walmq/change';
import type { OutboxConfig, QueueConfig } from '@walmq/config';
import { isOperation, OPERATION_AS_TYPE } from './read-event.js';

/** An event of an outbox row: its queues, its type and its ordering keys. */
export interface OutboxEvent {
  readonly queues: readonly number[];
  readonly type: string;
  readonly orderingKeys: readonly string[];
  /** The same keys in the form of an older version. */
  readonly named: readonly string[];
}

/**
 * Routes outbox rows by aggregate type to the queues that take the type. Order is per aggregate (type and id); a row
 * without an id has no order.
 */
export class OutboxRoutes {
  readonly #table: Pick<OutboxConfig, 'schema' | 'table'>;
  readonly #columns: OutboxConfig['columns'];
  /** Numbers of the queues, by aggregate type as JSON text. */
  readonly #queues = new Map<string, number[]>();
  /** Numbers of the queues that take rows too. */
  readonly #handleRows: ReadonlySet<number>;

  constructor(outbox: OutboxConfig, queues: readonly QueueConfig[]) {
    this.#table = outbox;
    this.#columns = outbox.columns;
    this.#handleRows = new Set([...queues.keys()].filter(index => queues[index]?.tables.length));
    for (const [index, { outbox }] of queues.entries())
      for (const aggregateType of new Set(outbox)) {
        const json = JSON.stringify(aggregateType);
        this.#queues.set(json, [...(this.#queues.get(json) ?? []), index]);
      }
  }

  /** Only an insert is an event: applications may update and delete rows of the outbox at will. */
  takes({ schema, table, op }: Pick<EncodedChange, 'schema' | 'table' | 'op'>): boolean {
    return table === this.#table.table && schema === this.#table.schema && op === 'insert';
  }

  /** Returns an error with the reason if no queue takes the row. */
  route(change: Pick<EncodedChange, 'valuesOf' | 'orderingTextsOf'>): OutboxEvent | Error {
    const { aggregateType, aggregateId, type } = this.#columns;
    const [ofType] = change.valuesOf(aggregateType);
    const [ofId] = change.valuesOf(aggregateId);
    const [ofEvent] = change.valuesOf(type);
    for (const [column, value] of Object.entries({ [aggregateType]: ofType, [type]: ofEvent }))
      if (value === undefined || value === 'null' || value === '""')
        return new Error(`its ${column} is missing`);
    const queues = this.#queues.get(ofType as string);
    if (!queues) return new Error('no queue takes its aggregate type');
    const event: unknown = JSON.parse(ofEvent as string);
    if (isOperation(String(event)) && queues.some(queue => this.#handleRows.has(queue)))
      return new Error(OPERATION_AS_TYPE);
    const isOrdered = ofId !== undefined && ofId !== 'null';
    return {
      queues,
      type: String(event),
      orderingKeys: isOrdered ? [`${ofType} ${change.orderingTextsOf(aggregateId)[0]}`] : [],
      named: isOrdered ? [`${ofType} ${ofId}`] : [],
    };
  }
}
