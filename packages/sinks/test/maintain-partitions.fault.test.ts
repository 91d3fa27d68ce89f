import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { maintainPartitions } from '../src/change-log/maintain-partitions.js';
import { changeLogSchemaSql } from '../src/change-log/schema.js';

let server: EmbeddedPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

it('a connection that is lost while the log is tended is told of, and ends nothing', async () => {
  const [admin, holder] = [new Client(server.url), new Client(server.url)];
  for (const client of [admin, holder]) {
    client.on('error', () => undefined);
    await client.connect();
  }
  await admin.query(changeLogSchemaSql);
  await holder.query('BEGIN; LOCK TABLE walmq.change_log IN ACCESS EXCLUSIVE MODE');
  const pool = new Pool({ connectionString: server.url, application_name: 'tends' });
  pool.on('error', () => undefined);
  const onFailed = vi.fn();
  const maintenance = maintainPartitions({ pool, keepDays: 14, onFailed });
  await vi.waitUntil(
    async () => {
      const { rowCount } = await admin.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'tends' AND wait_event_type = 'Lock'",
      );
      return rowCount === 1;
    },
    { timeout: 30_000 },
  );
  await server.kill('SIGKILL');
  await maintenance.stop();
  expect(onFailed).toHaveBeenCalledOnce();
  await server.restart();
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
