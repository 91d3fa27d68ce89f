import { qualifiedName } from '@walmq/change';
import type { SetupTable } from '@walmq/setup';
import type { Client } from 'pg';
import { type Check, ok, warning } from '../check.js';

/** An ordering column for which PostgreSQL may treat differently spelt values as equal. */
export interface LooselyEqual {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** Name of the nondeterministic collation. Null if the column's type defines its own equality. */
  readonly collation: string | null;
}

/**
 * Looks at columns that order a queue only: the columns of the key, or the column of `orderBy`. Leaves out citext,
 * which has a canonical text. Resolves arrays to their element types and domains to their base types.
 */
const LOOSE_SQL = `
WITH RECURSIVE wanted AS (
  SELECT a.attname::text AS column, a.atttypid, a.atttypmod, a.attcollation, a.attnum
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
     AND (a.attname = ANY ($3) OR ($4 AND EXISTS (
           SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)))) ),
made_of AS (
  SELECT attnum, atttypid AS type FROM wanted
  UNION SELECT m.attnum, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
    FROM made_of m JOIN pg_type t ON t.oid = m.type
   WHERE t.typtype = 'd' OR t.typcategory = 'A')
SELECT w.column, format_type(w.atttypid, w.atttypmod) AS type,
       (SELECT k.collname::text FROM pg_collation k WHERE k.oid = w.attcollation AND NOT k.collisdeterministic) AS collation
  FROM wanted w
 WHERE EXISTS (SELECT FROM pg_collation k WHERE k.oid = w.attcollation AND NOT k.collisdeterministic)
    OR EXISTS (SELECT FROM made_of m JOIN pg_type t ON t.oid = m.type
                WHERE m.attnum = w.attnum AND (t.typtype IN ('c', 'r', 'm')
                   OR (t.typtype = 'b' AND t.oid >= 16384 AND t.typcategory <> 'A' AND t.typname <> 'citext')))
 ORDER BY w.attnum`;

export async function readLooselyEqual(
  client: Client,
  tables: readonly SetupTable[],
): Promise<LooselyEqual[]> {
  const found: LooselyEqual[] = [];
  for (const wanted of tables) {
    const orders = (wanted.routes ?? []).map(({ orderBy }) => orderBy);
    const columns = orders.flatMap(orderBy => (typeof orderBy === 'object' ? [orderBy.column] : []));
    const { rows } = await client.query<Omit<LooselyEqual, 'table'>>(LOOSE_SQL, [
      wanted.schema,
      wanted.table,
      columns,
      orders.includes('key'),
    ]);
    found.push(...rows.map(row => ({ ...row, table: qualifiedName(wanted) })));
  }
  return found;
}

/** Checks that every column that orders a queue has exactly one text for each value. */
export function orderingChecks(found: readonly LooselyEqual[]): Check[] {
  if (found.length === 0)
    return [ok('order-equality', 'every column that orders a queue has one text for each value')];
  return found.map(({ table, column, type, collation }) =>
    collation === null
      ? warning(
          'order-equality',
          `${table}.${column} orders a queue by the text of its ${type}: two texts of one value are two keys`,
          'Always write a value the same way, or order by a column of a plain type.',
        )
      : warning(
          'order-equality',
          `${table}.${column} has the nondeterministic collation "${collation}", so that texts that differ may be equal: its changes are processed one after the other`,
          'Order by another column, or give this one a deterministic collation.',
        ),
  );
}
