import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, embeddedPostgresMajor, startPostgres } from '../src/index.js';

const started: EmbeddedPostgres[] = [];

async function start(options?: Parameters<typeof startPostgres>[0]): Promise<EmbeddedPostgres> {
  const server = await startPostgres(options);
  started.push(server);
  return server;
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(server => server.stop()));
});

describe('embedded PostgreSQL', () => {
  it('is ready for logical decoding, safe against a crash, and set as asked', async () => {
    const { url } = await start({ settings: { work_mem: '5MB' } });
    const [row] = await query(
      url,
      `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('wal_level') AS wal_level,
              current_setting('fsync') AS fsync, current_setting('work_mem') AS work_mem,
              pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      version: embeddedPostgresMajor(),
      wal_level: 'logical',
      fsync: 'on',
      work_mem: '5MB',
      encoding: 'UTF8',
    });
  });

  it('keeps what was committed and its slots over SIGKILL, on the same port', async () => {
    const server = await start();
    await query(server.url, 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS n');
    await query(server.url, "SELECT pg_create_logical_replication_slot('kept', 'pgoutput')");
    const before = { url: server.url, pid: server.pid };
    await server.kill('SIGKILL');
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

    await server.restart();

    expect(server.url).toBe(before.url);
    expect(server.pid).not.toBe(before.pid);
    expect(await query(server.url, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 100 }]);
    expect(await query(server.url, 'SELECT slot_name FROM pg_replication_slots')).toEqual([
      { slot_name: 'kept' },
    ]);
  });

  it('restarts a running server', async () => {
    const server = await start();
    const { pid } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves neither process nor data behind when stopped, with clients connected', async () => {
    const server = await startPostgres();
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => {});
    await client.connect();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
    expect(existsSync(server.dataDir)).toBe(false);
  });

  it('asks for the password', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it("tells the server's own reason when it does not start", async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      await expect(startPostgres({ port })).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_FAILED',
        message: expect.stringContaining('Address already in use'),
        remedy: expect.stringContaining('DATABASE_URL'),
      });
    } finally {
      blocker.close();
    }
    await expect(startPostgres({ settings: { wal_level: 'nonsense' } })).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining('invalid value for parameter "wal_level"'),
    });
  });

  it('starts several side by side', async () => {
    const servers = await Promise.all([start(), start(), start()]);
    expect(new Set(servers.map(server => server.port)).size).toBe(3);
  });
});
