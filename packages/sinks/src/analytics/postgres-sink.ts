import { sqlTableOf } from '@walmq/change';
import { type DatabasePool, giveUp, inTransaction } from '@walmq/worker';
import { escapeIdentifier, type PoolClient } from 'pg';
import type { PositionedFact } from './fact.js';
import { newestOf } from './newest.js';
import { type AnalyticsSink, DELETED_COLUMN, POSITION_COLUMN } from './sink.js';

/**
 * Facts in PostgreSQL tables, each with a unique index on its key columns, `walmq_position text` and
 * `walmq_deleted boolean`. What is no more stays as a row of its key alone, so that an older change that comes late does
 * not bring it back.
 */
export function createPostgresSink(options: {
  /** Left open at close. */
  readonly pool: DatabasePool;
}): AnalyticsSink {
  const { pool } = options;
  return {
    async write(rows, { signal }) {
      await inTransaction({ pool, signal }, async tx => {
        for (const facts of newestOf(rows)) await writeFacts(tx, facts);
      });
    },
    async close() {},
  };
}

/** Facts of one table that have the same columns, none of them twice. */
async function writeFacts(tx: PoolClient, facts: readonly PositionedFact[]): Promise<void> {
  const { table, key, values } = facts[0] as PositionedFact;
  const target = targetOf(table);
  const keys = Object.keys(key).map(escapeIdentifier);
  // The table's own types read the values, whatever they are: arrays, jsonb, numerics without a lost digit.
  const records = `json_populate_recordset(NULL::${target}, $1::json)`;
  const json = JSON.stringify(
    facts.map(fact => ({
      ...fact.key,
      ...fact.values,
      [POSITION_COLUMN]: fact.position,
      [DELETED_COLUMN]: fact.values === null,
    })),
  );
  if (values === null) {
    const same = keys.map(name => `f.${name} = r.${name}`).join(' AND ');
    await tx.query(
      `DELETE FROM ${target} f USING ${records} r WHERE ${same} AND f.${POSITION_COLUMN} < r.${POSITION_COLUMN}`,
      [json],
    );
    await tx.query(
      `INSERT INTO ${target} (${[...keys, POSITION_COLUMN, DELETED_COLUMN].join(', ')})
       SELECT ${[...keys, POSITION_COLUMN, DELETED_COLUMN].join(', ')} FROM ${records}
       ON CONFLICT (${keys.join(', ')}) DO NOTHING`,
      [json],
    );
    return;
  }
  const columns = [...Object.keys(values).map(escapeIdentifier), POSITION_COLUMN, DELETED_COLUMN];
  const updated = columns.map(name => `${name} = excluded.${name}`).join(', ');
  await tx.query(
    `INSERT INTO ${target} AS f (${[...keys, ...columns].join(', ')})
     SELECT ${[...keys, ...columns].join(', ')} FROM ${records}
     ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${updated}
       WHERE f.${POSITION_COLUMN} < excluded.${POSITION_COLUMN}`,
    [json],
  );
}

function targetOf(table: string): string {
  const target = sqlTableOf(table);
  if (target !== undefined) return target;
  throw giveUp(`"${table}" is not the name of a table.`, {
    remedy: `Write it as SQL does, with a name that holds a space, a dot or a quote in double quotes.`,
  });
}
