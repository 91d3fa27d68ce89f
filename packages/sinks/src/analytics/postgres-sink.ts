import { sqlTableOf } from '@walmq/change';
import { giveUp, inTransaction } from '@walmq/worker';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import type { PositionedFact } from './fact.js';
import { type AnalyticsSink, DELETED_COLUMN, POSITION_COLUMN } from './sink.js';

/**
 * Facts in PostgreSQL tables, each with a unique index on its key columns, `walmq_position text` and
 * `walmq_deleted boolean`. A deleted thing stays as a row with only its key, so that an older change that
 * comes late does not bring it back.
 */
export function createPostgresSink(options: {
  /** The caller closes it. */
  readonly pool: Pool;
}): AnalyticsSink {
  const { pool } = options;
  return {
    async write(rows, { signal }) {
      await inTransaction({ pool, signal }, async tx => {
        for (const row of rows) await writeFact(tx, row);
      });
    },
    async close() {},
  };
}

async function writeFact(tx: PoolClient, { table, key, values, position }: PositionedFact): Promise<void> {
  const target = targetOf(table);
  const keys = Object.keys(key).map(escapeIdentifier);
  // The table's own types parse the values: arrays, jsonb, numerics with all digits.
  const record = `json_populate_record(NULL::${target}, $1::json)`;
  const json = JSON.stringify({ ...key, ...values });
  if (values === null) {
    const same = keys.map(name => `f.${name} = r.${name}`).join(' AND ');
    await tx.query(`DELETE FROM ${target} f USING ${record} r WHERE ${same} AND f.${POSITION_COLUMN} < $2`, [
      json,
      position,
    ]);
    await tx.query(
      `INSERT INTO ${target} (${[...keys, POSITION_COLUMN, DELETED_COLUMN].join(', ')})
       SELECT ${keys.join(', ')}, $2, true FROM ${record} ON CONFLICT (${keys.join(', ')}) DO NOTHING`,
      [json, position],
    );
    return;
  }
  const columns = Object.keys(values).map(escapeIdentifier);
  const updated = [...columns, POSITION_COLUMN, DELETED_COLUMN]
    .map(name => `${name} = excluded.${name}`)
    .join(', ');
  await tx.query(
    `INSERT INTO ${target} AS f (${[...keys, ...columns, POSITION_COLUMN, DELETED_COLUMN].join(', ')})
     SELECT ${[...keys, ...columns].join(', ')}, $2, false FROM ${record}
     ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${updated}
       WHERE f.${POSITION_COLUMN} < excluded.${POSITION_COLUMN}`,
    [json, position],
  );
}

function targetOf(table: string): string {
  const target = sqlTableOf(table);
  if (target !== undefined) return target;
  throw giveUp(`"${table}" is not the name of a table.`, {
    remedy: `Write it as SQL does, with a name that holds a space, a dot or a quote in double quotes.`,
  });
}
