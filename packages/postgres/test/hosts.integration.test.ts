import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client, type Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { askBackends, processId } from '../src/ask-backends.js';
import { openClient } from '../src/open-client.js';
import { withPassword } from '../src/password.js';
import { createPool } from '../src/pool.js';

const NOBODY = '127.0.0.1:1';

describe('a way to PostgreSQL', () => {
  let postgres: EmbeddedPostgres;
  let folder: string;
  let admin: Client;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-socket-'));
    postgres = await startPostgres({ settings: { unix_socket_directories: '/tmp' } });
    admin = new Client(postgres.url);
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });

  /** The URL with other text where host and port stand. */
  const at = (hosts: string, query = '') =>
    `${postgres.url.replace(new URL(postgres.url).host, hosts)}${query}`;

  function pool(url: Parameters<typeof createPool>[0]['url']): Pool {
    const made = createPool({ url, name: 'test', max: 2, forHandlers: true });
    onTestFinished(() => made.end());
    return made;
  }

  it('goes on to the next host where one does not answer, for a client, a pool and the question about a backend', async () => {
    const url = at(`${NOBODY},127.0.0.1:${postgres.port}`, '?target_session_attrs=primary&connect_timeout=3');
    const opened = await openClient({ url, name: 'test' });
    expect(opened.url).toBe(at(`127.0.0.1:${postgres.port}`, '?connect_timeout=3'));
    const pid = processId(opened.client);
    expect(await askBackends({ url, pids: [pid], deadlineMs: 3000 })).toEqual(new Map([[pid, 'waits']]));
    await opened.close();
    expect((await pool(url).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('names every host and its reason where none is a primary; a wrong password ends the search', async () => {
    await expect(openClient({ url: at(`${NOBODY},localhost:2`), name: 'test' })).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringMatching(/\(127\.0\.0\.1:1: .*ECONNREFUSED.*; localhost:2: .*ECONNREFUSED/),
    });
    const wrong = at(`127.0.0.1:${postgres.port},${NOBODY}`).replace(/:[^:@]+@/, ':wrong@');
    await expect(openClient({ url: wrong, name: 'test' })).rejects.toMatchObject({ code: 'DATABASE_DENIED' });
    await expect(pool(wrong).query('SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('through a socket, with options of the URL', async () => {
    const { password } = new URL(postgres.url);
    const url = `postgres://postgres:${password}@/postgres?host=/tmp&port=${postgres.port}&options=-c%20work_mem%3D7MB`;
    const { client, close } = await openClient({ url, name: 'socket' });
    const { rows } = await client.query(
      "SELECT inet_client_addr() AS address, current_setting('work_mem') AS mem, current_setting('application_name') AS name",
    );
    expect(rows).toEqual([{ address: null, mem: '7MB', name: 'socket' }]);
    await close();
    expect((await pool(url).query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }]);
  });

  it('a password that changes: the command is asked at each connection; what it says wrong passes', async () => {
    const file = join(folder, 'token');
    const change = async (token: string) => {
      await admin.query(`ALTER ROLE rotated PASSWORD '${token}'`);
      await writeFile(file, `${token}\n`);
    };
    await admin.query('CREATE ROLE rotated LOGIN');
    await change('first/@#');
    const database = withPassword(`postgres://rotated:ignored@127.0.0.1:${postgres.port}/postgres`, {
      passwordCommand: `cat ${file}; echo "$PGUSER" >> ${file}.asked`,
    });
    const handlers = pool(database);
    await handlers.query('SELECT 1');
    await change('second');
    const { client, close } = await openClient({ url: database, name: 'test' });
    expect((await client.query('SELECT current_user AS role')).rows).toEqual([{ role: 'rotated' }]);
    await Promise.all([1, 2].map(() => handlers.query('SELECT pg_sleep(0.01)')));
    await close();
    expect((await readFile(`${file}.asked`, 'utf8')).trim().split('\n')).toEqual(Array(3).fill('rotated'));

    await rm(file);
    const failed = {
      code: 'DATABASE_PASSWORD_FAILED',
      message: expect.stringContaining('has not answered with a'),
    };
    await expect(openClient({ url: database, name: 'test' })).rejects.toMatchObject(failed);
    await expect(pool(database).query('SELECT 1')).rejects.toMatchObject(failed);
  });
});
