import type { Change } from '@walmq/change';
import { toJsonText } from './result-json.js';

/** As handlers and logs name a table: `orders`, or `sales.orders` outside schema public. */
export function tableName({ schema, table }: Pick<Change, 'schema' | 'table'>): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}

/** What a person reads while changes flow by. Throws RESULT_NOT_JSON. */
export function processedLine(change: Change, result: unknown): string {
  return `✅ Processed ${describe(change)}: ${toJsonText(result)}`;
}

/** `UPDATE on orders` */
export function describe(change: Change): string {
  return `${change.op.toUpperCase()} on ${tableName(change)}`;
}
