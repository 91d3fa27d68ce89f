import { type EncodedChange, qualifiedName, sqlTable, type TableName } from '@walmq/change';
import type { TableRoute } from '@walmq/config';
import type { Job } from '../job.js';
import type { FormerKeys } from './former-keys.js';
import type { Shape } from './shape.js';

/** The part of a route that orders its changes. */
export interface OrderRoute {
  readonly queueName: string;
  readonly table: TableRoute;
  /** Separates the ordering keys of tables that share a queue, each ordered by its own key. */
  readonly keyPrefix: string;
  /** Undefined if the queue gets whole changes. */
  readonly shape: Shape | undefined;
  /** Ordering keys that an older version left; undefined if there are none. */
  readonly formerKeys: FormerKeys | undefined;
}

export type Order = Pick<Job, 'orderingKeys' | 'formerKeys'>;

/**
 * `unplaced`: why the change cannot be ordered with the other changes of its row, as a sentence. Such a change is parked.
 */
export type PlacedOrder = Order & { readonly unplaced?: string };

/** Ordering key of all changes without a key. No key's JSON is the same text. An empty text would mean no order. */
const WHOLE_TABLE = '*';

/** Part in front of the ordering keys of a table's rows: tables that share a queue by their own keys do not wait for each other. */
export function keyPrefixOf(table: TableName, tablesOfQueue: number): string {
  return tablesOfQueue > 1 ? `${qualifiedName(table)} ` : '';
}

/** Orders a table without a key as a whole: too much order costs speed, too little breaks the guarantee. */
export function orderChange(change: EncodedChange, route: OrderRoute): PlacedOrder {
  const { shape, formerKeys } = route;
  const current = currentKeys(change, route);
  if (current === undefined) return unplaced(change, route);
  const seen = (key: string) => (shape ? shape.orderingKey(key) : key);
  const orderingKeys = shape ? current.map(seen) : current;
  return formerKeys
    ? { orderingKeys, formerKeys: formerKeys.of(orderingKeys, namedBefore(change, route), seen) }
    : { orderingKeys };
}

/** Undefined when PostgreSQL did not send the column that orders the queue. */
function currentKeys(change: EncodedChange, { table, keyPrefix }: OrderRoute): readonly string[] | undefined {
  const { orderBy } = table;
  if (orderBy === false || change.op === 'truncate') return [];
  if (orderBy === 'key') {
    const key = keyPrefix + (change.keyText ?? WHOLE_TABLE);
    return change.followsUnkeyed && change.keyText !== null ? [key, keyPrefix + WHOLE_TABLE] : [key];
  }
  const values = change.orderingTextsOf(orderBy.column);
  return values.length > 0 ? values : undefined;
}

/**
 * The change lacks the column that orders the queue, because a new partition or a changed REPLICA IDENTITY does not log the
 * column. The stream continues without a guess: such changes of one table wait for each other.
 */
function unplaced(change: EncodedChange, { table, queueName }: OrderRoute): PlacedOrder {
  const { column } = table.orderBy as { readonly column: string };
  return {
    orderingKeys: [`${qualifiedName(change)} ${WHOLE_TABLE}`],
    unplaced:
      `the change does not carry ${column}, which orders the queue "${queueName}"; ` +
      `ALTER TABLE ${sqlTable(change)} REPLICA IDENTITY FULL; mends the changes to come, of a partition its own`,
  };
}

/** The same keys in the form of the older version. */
function namedBefore(change: EncodedChange, { table, keyPrefix }: OrderRoute): readonly string[] {
  const { orderBy } = table;
  if (orderBy === false || change.op === 'truncate') return [];
  if (orderBy !== 'key') return change.valuesOf(orderBy.column);
  const prefix = keyPrefix && `${change.schema}.${change.table} `;
  return [prefix + (change.formerKeyText ?? WHOLE_TABLE)];
}
