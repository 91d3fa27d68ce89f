import { WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Table } from '@walmq/replication';
import type { ClientBase } from 'pg';

/**
 * Columns that a queue leaves out, hides or names, and that none of its tables has, neither as the stream announces it nor
 * as it is today: misspelt, or renamed. What should be hidden would go out as it is, so nothing goes out. Rejects with
 * COLUMN_MISSING.
 */
export async function checkShapes(
  client: ClientBase,
  queues: readonly QueueConfig[],
  announced?: Table,
): Promise<void> {
  for (const queue of queues) {
    const { shape, tables } = queue;
    if (!shape || (announced && !tables.some(route => isOf(route, announced)))) continue;
    const columns = await columnsOf(client, queue);
    // The columns of a dropped table are unknown.
    if (columns.size < tables.length) continue;
    const known = new Set([...columns.values()].flat());
    for (const { name } of announced?.columns ?? []) known.add(name);
    const { columns: kept = [], omit = [], mask = {}, strip } = shape;
    const unknown = [...kept, ...omit, ...Object.keys(mask), ...strip].filter(name => !known.has(name));
    if (unknown.length > 0)
      throw new WalmqError(
        'COLUMN_MISSING',
        `the queue "${queue.name}" leaves out, hides or names columns that its tables do not have: ${unknown.join(', ')}.`,
        { remedy: 'Correct them in walmq.config.ts; what was renamed would else go out as it is.' },
      );
  }
}

function isOf({ schema, table }: { schema: string; table: string }, { relation }: Table): boolean {
  return schema === relation.schema && table === relation.table;
}

/** By the number of the queue's table; only of those that are there. */
async function columnsOf(client: ClientBase, { tables }: QueueConfig): Promise<Map<number, string[]>> {
  const { rows } = await client.query<{ place: number; columns: string[] }>(
    `SELECT w.place::int AS place,
            ARRAY(SELECT a.attname::text FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, place)
       JOIN pg_namespace n ON n.nspname = w.schema
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return new Map(rows.map(({ place, columns }) => [place, columns]));
}
