import type { Client } from 'pg';
import { randomFrom } from '../plan/random.js';

/** Rows of each table. All changes are updates of them, so that the tables themselves do not grow. */
export const ROWS = 20_000;

export const LONG_SCHEMA = `
CREATE TABLE accounts (id integer PRIMARY KEY, n bigint NOT NULL DEFAULT 0, note text);
CREATE TABLE lines (id integer PRIMARY KEY, n bigint NOT NULL DEFAULT 0, note text);
CREATE TABLE docs (id integer PRIMARY KEY, n bigint NOT NULL DEFAULT 0, note text);
ALTER TABLE accounts SET (fillfactor = 50);
ALTER TABLE lines SET (fillfactor = 50);
ALTER TABLE docs SET (fillfactor = 50);
INSERT INTO accounts (id, note) SELECT i, 'first' FROM generate_series(1, ${ROWS}) i;
INSERT INTO lines (id, note) SELECT i, 'first' FROM generate_series(1, ${ROWS}) i;
INSERT INTO docs (id, note) SELECT i, 'first' FROM generate_series(1, ${ROWS}) i;
CREATE SCHEMA soak;
CREATE UNLOGGED TABLE soak.effects (queue text NOT NULL, change_id text NOT NULL);
CREATE UNLOGGED TABLE soak.acts (queue text NOT NULL, change_id text NOT NULL, idempotency_key text NOT NULL);
`;

/** Of twenty transactions two are of accounts (single changes) and one of docs (effects outside); the others are of lines (batches). */
const PERIOD = 20;

function tableOf(n: number): string {
  const place = n % PERIOD;
  if (place === 4) return 'docs';
  return place % 10 === 0 ? 'accounts' : 'lines';
}

/** Commits one transaction of 1 to 200 changes. Resolves to their number. */
export async function commitOne(client: Client, n: number): Promise<number> {
  const random = randomFrom(n);
  const table = tableOf(n);
  const size = random.one([1, 20, 100, 200]);
  const from = random.between(1, ROWS - size + 1);
  const { rowCount } = await client.query(
    `UPDATE ${table} SET n = n + 1, note = $3 WHERE id BETWEEN $1 AND $2`,
    [from, from + size - 1, `change ${n} of a row that is changed all the time`],
  );
  return rowCount ?? 0;
}
