import type { ColumnShape } from '@walmq/change';
import type { QueueConfig, TableRoute } from '@walmq/config';
import { keyPrefixOf } from './order-change.js';
import { EVENT_KEY } from './route-events.js';
import { Shape } from './shape.js';

/** What a reader of a queue's jobs has to know to find a row or an event in it. */
export class QueueView {
  readonly #queue: QueueConfig;
  readonly #shape: Shape | undefined;

  /** Throws MASK_KEY_MISSING: without the secret of a hash, masked keys and ordering keys cannot be computed. */
  constructor(queue: QueueConfig) {
    this.#queue = queue;
    this.#shape = queue.shape && new Shape(queue.name, queue.shape);
  }

  /** The name in Redis of a row's ordering key. `text`: the ordering texts of its key, or of the column that orders the table. */
  rowKey(table: TableRoute, text: string): string {
    const { tables } = this.#queue;
    const key = table.orderBy === 'key' ? keyPrefixOf(table, tables.length) + text : text;
    return this.#shape ? this.#shape.orderingKey(key) : key;
  }

  /** The names of an event's ordering keys: as a logical message, and as a row of the outbox of each type that the queue takes. */
  eventKeys(text: string): string[] {
    const { messages, tables, outbox } = this.#queue;
    const key = JSON.stringify(text);
    return [
      ...(messages ? [(tables.length > 0 ? EVENT_KEY : '') + key] : []),
      ...outbox.map(type => `${JSON.stringify(type)} ${key}`),
    ];
  }

  /** How the queue's changes show a column: of the key, or else of their rows. */
  column(name: string, inKey: boolean): ColumnShape {
    return this.#shape?.columnShape(name, inKey) ?? 'keep';
  }
}
