import { type EncodedChange, qualifiedName, sqlTable, WalmqError } from '@walmq/change';
import type { TableRoute } from '@walmq/config';
import type { FormerKeys } from './former-keys.js';
import type { Job } from './job.js';
import type { Shape } from './shape.js';

/** What of a route says how its changes are ordered. */
export interface OrderRoute {
  readonly queueName: string;
  readonly table: TableRoute;
  /** Keeps the keys of two tables in one queue apart when each is ordered by its own key. */
  readonly keyPrefix: string;
  /** Undefined where the queue gets changes as they are. */
  readonly shape: Shape | undefined;
  /** Undefined where no older version has left any. */
  readonly formerKeys: FormerKeys | undefined;
}

export type Order = Pick<Job, 'orderingKeys' | 'formerKeys'>;

/** Ordering key of all changes without a key; as no key's JSON reads. An empty one would stand for no order. */
const WHOLE_TABLE = '*';

/** A table without a key is ordered as a whole: too much order is slow, too little is wrong. Throws ORDER_COLUMN_MISSING. */
export function orderChange(change: EncodedChange, route: OrderRoute): Order {
  const { shape, formerKeys } = route;
  const current = currentKeys(change, route);
  const seen = (key: string) => (shape ? shape.orderingKey(key) : key);
  const orderingKeys = shape ? current.map(seen) : current;
  return formerKeys
    ? { orderingKeys, formerKeys: formerKeys.of(orderingKeys, namedBefore(change, route), seen) }
    : { orderingKeys };
}

function currentKeys(change: EncodedChange, { table, keyPrefix, queueName }: OrderRoute): readonly string[] {
  const { orderBy } = table;
  if (orderBy === false || change.op === 'truncate') return [];
  if (orderBy === 'key') return [keyPrefix + (change.keyText ?? WHOLE_TABLE)];
  const values = change.orderingTextsOf(orderBy.column);
  if (values.length > 0) return values;
  throw new WalmqError(
    'ORDER_COLUMN_MISSING',
    `queue "${queueName}" is ordered by ${qualifiedName(change)}.${orderBy.column}, which change ${change.id} does not carry.`,
    {
      remedy: `Run ALTER TABLE ${sqlTable(change)} REPLICA IDENTITY FULL; or name another column in orderBy.`,
    },
  );
}

/** The same keys as the older version named them. */
function namedBefore(change: EncodedChange, { table, keyPrefix }: OrderRoute): readonly string[] {
  const { orderBy } = table;
  if (orderBy === false || change.op === 'truncate') return [];
  if (orderBy !== 'key') return change.valuesOf(orderBy.column);
  const prefix = keyPrefix && `${change.schema}.${change.table} `;
  return [prefix + (change.formerKeyText ?? WHOLE_TABLE)];
}
