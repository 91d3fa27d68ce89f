import { setTimeout } from 'node:timers/promises';
import type { Change } from '@walmq/change';
import { Client } from 'pg';
import { expect } from 'vitest';

/** Between transactions: enough of them for every kind at every instant, few enough to compare one by one. */
const PACE_MS = 10;

/** Key 1 to this are updated by everybody. */
const HOT_KEYS = 5;

export const LOAD_SCHEMA = `
  CREATE TABLE things (id integer PRIMARY KEY, token bigint, note text);
  CREATE SEQUENCE tokens;
  CREATE TABLE written (token bigint PRIMARY KEY);
  INSERT INTO things SELECT i, 0, 'hot' FROM generate_series(1, ${HOT_KEYS}) i;`;

/**
 * For tests: mixed transactions until stopped. Every change of \`things\` carries a token of its own, and the same
 * transaction writes the token down in \`written\`, which is not captured: what was committed is what is written there.
 */
export function startLoad(
  databaseUrl: string,
  seed: number,
): { stop(): Promise<void>; readonly transactions: number } {
  let stopping = false;
  let transactions = 0;
  const done = run();

  async function run(): Promise<void> {
    let client = await connect();
    while (!stopping) {
      try {
        await client.query(transaction(transactions, seed));
        transactions += 1;
        await setTimeout(PACE_MS);
      } catch {
        // The server went away or two loads collided: what of it was committed is written down all the same.
        await client.end().catch(() => undefined);
        client = await connect();
      }
    }
    await client.end();
  }

  async function connect(): Promise<Client> {
    while (true) {
      const client = new Client(databaseUrl);
      client.on('error', () => undefined);
      try {
        await client.connect();
        return client;
      } catch (error) {
        if (stopping) throw error;
        await setTimeout(50);
      }
    }
  }

  return {
    get transactions() {
      return transactions;
    },
    async stop() {
      stopping = true;
      await done;
    },
  };
}

/** One of seven kinds, in turn: single rows, hot keys, large, key changes, deletes, rolled back, savepoints. */
function transaction(n: number, seed: number): string {
  const id = seed * 1_000_000 + n * 1000 + 100;
  const hot = 1 + (n % HOT_KEYS);
  const insert = (rows: number, from = id) =>
    `WITH t AS (INSERT INTO things SELECT ${from} + i, nextval('tokens'), 'row' FROM generate_series(1, ${rows}) i RETURNING token)
       INSERT INTO written SELECT token FROM t`;
  const update = (where: string, set = '') =>
    `WITH t AS (UPDATE things SET ${set} token = nextval('tokens') WHERE ${where} RETURNING token)
       INSERT INTO written SELECT token FROM t`;
  switch (n % 7) {
    case 0:
      return insert(1);
    case 1:
      return `BEGIN; ${update(`id = ${hot}`)}; ${update(`id = ${hot}`)}; COMMIT`;
    case 2:
      return insert(n % 140 === 2 ? 900 : 20);
    case 3:
      return `BEGIN; ${insert(1)}; ${update(`id = ${id + 1}`, `id = ${id + 500},`)}; COMMIT`;
    case 4:
      return `BEGIN; ${insert(3)}; DELETE FROM things WHERE id = ${id + 2}; COMMIT`;
    case 5:
      return `BEGIN; ${insert(5)}; ${update(`id = ${hot}`)}; ROLLBACK`;
    default:
      return `BEGIN; ${update(`id = ${hot}`)}; SAVEPOINT s; ${insert(4)}; ROLLBACK TO s; ${insert(2, id + 10)}; COMMIT`;
  }
}

/** Waits until a load has committed so many transactions more. */
export async function progress(load: { readonly transactions: number }, more: number): Promise<void> {
  const until = load.transactions + more;
  await expect.poll(() => load.transactions, { timeout: 60_000, interval: 5 }).toBeGreaterThan(until);
}

/** The token a change carries: of the new row, or of the old one for a delete. */
export function tokenOf({ after, before }: Change): number {
  return Number((after ?? before)?.token);
}

/** Tokens that were committed, each by a change that is no delete. */
export async function committedTokens(client: Client): Promise<number[]> {
  const { rows } = await client.query<{ token: string }>('SELECT token FROM written ORDER BY token');
  return rows.map(row => Number(row.token));
}
