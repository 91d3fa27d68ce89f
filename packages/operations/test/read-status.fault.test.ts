import { parseConfig, resolveConfig } from '@walmq/config';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readStatus } from '../src/status/read-status.js';

let server: EmbeddedPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

it('a connection that is lost in the middle of a look makes the database unreachable, and ends nothing', async () => {
  const [admin, holder] = [new Client(server.url), new Client(server.url)];
  for (const client of [admin, holder]) {
    client.on('error', () => undefined);
    await client.connect();
  }
  await admin.query('CREATE SCHEMA walmq; CREATE TABLE walmq.backfill (id integer)');
  await holder.query('BEGIN; LOCK TABLE walmq.backfill IN ACCESS EXCLUSIVE MODE');
  const pool = new Pool({ connectionString: server.url, application_name: 'looks' });
  pool.on('error', () => undefined);
  const looking = readStatus({
    config: resolveConfig(parseConfig({ queues: { orders: { table: 'orders' } } }, 'test')),
    database: pool,
    redis: new Error('there is none'),
    timeoutMs: 60_000,
  });
  await vi.waitUntil(
    async () => {
      const { rowCount } = await admin.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'looks' AND wait_event_type = 'Lock'",
      );
      return rowCount === 1;
    },
    { timeout: 30_000 },
  );
  await server.kill('SIGKILL');
  expect((await looking).database).toMatchObject({ reachable: false });
  await server.restart();
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
