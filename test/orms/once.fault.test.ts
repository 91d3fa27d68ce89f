import { join } from 'node:path';
import { eventually, type Servers, startProgram, startServers, stopServers, World } from '@walmq/testing';
import { once, workerSchemaSql } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installLibraries } from './install-fixture.js';

const NAMES = ['Drizzle', 'Kysely', 'Knex', 'TypeORM', 'MikroORM'];

describe('in the transaction of once', () => {
  let servers: Servers;
  let onClient: Readonly<Record<string, (tx: PoolClient, id: number) => Promise<void>>>;
  beforeAll(async () => {
    installLibraries();
    servers = await startServers();
    ({ onClient } = (await import('./libraries.mjs' as string)) as { onClient: typeof onClient });
    expect(Object.keys(onClient)).toEqual(NAMES);
  }, 300_000);
  afterAll(() => stopServers(servers));

  it.each(NAMES)('what %s writes commits, rolls back and is lost with it', async name => {
    const database = `once_${name.toLowerCase()}`;
    const schema = `${workerSchemaSql} CREATE TABLE orders (id integer PRIMARY KEY)`;
    await using world = await World.create(servers, database, { schema });
    const { pool } = world;
    const write = onClient[name] as (tx: PoolClient, id: number) => Promise<void>;
    const run = (id: number, act: (tx: PoolClient) => Promise<unknown>) => {
      const [changeId, signal] = [String(id), new AbortController().signal];
      return once({ pool, queue: 'orders', changeId, jobId: changeId, signal, deadlineMs: 10_000 }, act);
    };
    const written = async () =>
      (await pool.query('SELECT id FROM orders ORDER BY id')).rows.map(({ id }) => id);

    await run(1, tx => write(tx, 1));
    const failing = run(2, async tx => {
      await write(tx, 2);
      throw new Error('after the write');
    });
    await expect(failing).rejects.toThrow('after the write');
    expect(await written()).toEqual([1]);

    const program = startProgram(
      join(import.meta.dirname, 'once-killed-fixture.mjs'),
      { DATABASE_URL: world.databaseUrl },
      [name, '3'],
    );
    await eventually(() => expect(program.output()).toContain('written'));
    expect(await program.end('SIGKILL')).toBe('SIGKILL');
    // Waits for the end of the killed one's transaction, at the row of the inbox.
    await run(3, tx => write(tx, 3));
    await run(3, () => expect.fail('it is done'));
    expect(await written()).toEqual([1, 3]);
  });
});
