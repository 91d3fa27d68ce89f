import { setTimeout } from 'node:timers/promises';
import type { Change } from '@walmq/change';
import { Client } from 'pg';
import { expect } from 'vitest';

/** Between transactions, so that capture and backfill get their share of the machine. */
const PACE_MS = 5;

/** Every change of a row takes a higher version, so that an older state can be told from a newer one. */
export const VERSIONED_SCHEMA = `CREATE TABLE things (id integer PRIMARY KEY, version integer NOT NULL);
  CREATE SEQUENCE versions;`;

/** For tests: random single and many-row changes of rows 1 to `rows` until stopped, some rolled back, some slow. */
export function writeVersions(databaseUrl: string, seed: number, rows: number): { stop(): Promise<void> } {
  let stopping = false;
  let state = seed + 1;
  const random = (below: number) => {
    // https://en.wikipedia.org/wiki/Lehmer_random_number_generator
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const statement = () => {
    const id = 1 + random(rows);
    switch (random(6)) {
      case 0:
        return `DELETE FROM things WHERE id = ${id}`;
      case 1:
        return `UPDATE things SET version = nextval('versions') WHERE id BETWEEN ${id} AND ${id + 30}`;
      case 2:
        return `UPDATE things SET id = ${id + 1}, version = nextval('versions') WHERE id = ${id} AND NOT EXISTS (SELECT FROM things WHERE id = ${id + 1})`;
      default:
        return `UPDATE things SET version = nextval('versions') WHERE id = ${id}`;
    }
  };
  /**
   * One that waits for another writer of its row has its version before it waits, and would come after that one's higher
   * version: so it waits first.
   */
  const insert = () => [
    'LOCK TABLE things IN SHARE ROW EXCLUSIVE MODE',
    `INSERT INTO things VALUES (${1 + random(rows)}, nextval('versions'))
       ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
  ];
  const statements = () => (random(6) === 0 ? insert() : Array.from({ length: 1 + random(3) }, statement));
  const done = (async () => {
    const client = new Client(databaseUrl);
    await client.connect();
    while (!stopping) {
      await setTimeout(PACE_MS);
      // Writers that lock each other's rows crosswise are told so by PostgreSQL; what failed is rolled back.
      await client.query('BEGIN');
      try {
        for (const sql of statements()) await client.query(sql);
        await client.query(random(8) === 0 ? 'ROLLBACK' : 'COMMIT');
      } catch {
        await client.query('ROLLBACK');
      }
    }
    await client.end();
  })();
  return {
    async stop() {
      stopping = true;
      await done;
    },
  };
}

export async function rowVersions(client: Client): Promise<Map<number, number>> {
  const { rows } = await client.query<{ id: number; version: number }>('SELECT id, version FROM things');
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/**
 * For tests: of every row the last state enqueued is the table's, and none that is older follows a newer one. How many
 * rows were read once more as they had been read before.
 */
export function expectLastStates(
  changes: readonly Change[],
  rows: ReadonlyMap<number, number>,
): { readonly repeated: number } {
  const versions = new Map<number, number>();
  const states = new Map<number, number>();
  const read = new Set<string>();
  let repeated = 0;
  for (const { op, key, after } of changes) {
    const id = key?.id as number;
    if (!after) {
      states.delete(id);
      continue;
    }
    const version = after.version as number;
    const newest = versions.get(id);
    // A row that is gone and comes back as it was would be an old state; it never has that version again.
    if (newest !== undefined) expect(version, `${op} of ${id}`).toBeGreaterThanOrEqual(newest);
    if (op === 'read') {
      if (newest === version) expect(states.has(id), `read of ${id}, which is gone`).toBe(true);
      if (read.has(`${id} ${version}`)) repeated += 1;
      read.add(`${id} ${version}`);
    }
    versions.set(id, version);
    states.set(id, version);
  }
  expect(states).toEqual(rows);
  return { repeated };
}
