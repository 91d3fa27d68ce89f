import { once as nextOf } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createPool } from '@walmq/postgres';
import { perverseRoleSql, type Servers, startServers, stopServers } from '@walmq/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { effect } from '../src/effects/effect.js';
import { once } from '../src/effects/once.js';
import { WorkerWorld } from './worker-fixture.js';

const SCHEMA = 'CREATE TABLE made (change_id text NOT NULL, at timestamptz NOT NULL DEFAULT now());';

/** What a session of the pool has, of what the kit relies on. */
const RELIED_ON = `SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only,
  current_setting('standard_conforming_strings') AS literals, current_setting('idle_session_timeout') AS idle,
  timestamptz '2026-11-22 10:00:00+02' AS at, 0.1234567890123456::float8 AS share`;
const AS_RELIED_ON = {
  isolation: 'read committed',
  read_only: 'off',
  literals: 'on',
  idle: '0',
  at: new Date('2026-11-22T08:00:00Z'),
  share: 0.1234567890123456,
};

describe('the kit on settings that it cannot work with', () => {
  let servers: Servers;
  let world: WorkerWorld;
  let major: number;
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'settings', {
      queues: { orders: { table: 'orders' } },
      schema: SCHEMA,
    });
    const [version] = await world.rows("SELECT current_setting('server_version_num')::int / 10000 AS major");
    major = (version as { major: number }).major;
    await world.pool.query(`
      CREATE ROLE perverse LOGIN PASSWORD 'test';
      GRANT USAGE ON SCHEMA walmq TO perverse;
      GRANT ALL ON ALL TABLES IN SCHEMA walmq TO perverse;
      GRANT ALL ON made TO perverse;
      ${perverseRoleSql('perverse', major)}`);
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  function open(url: URL, max = 4): Pool {
    const pool = createPool({ url: url.href, name: 'kit', max, forHandlers: true });
    onTestFinished(() => pool.end());
    return pool;
  }

  function urlAs(role: string): URL {
    return Object.assign(new URL(world.databaseUrl), { username: role, password: 'test' });
  }

  async function expectEffectsOnce(pool: Pool, changeId: string): Promise<void> {
    const options = {
      pool,
      queue: 'orders',
      changeId,
      jobId: `${changeId}-000000`,
      deadlineMs: 10_000,
      signal: new AbortController().signal,
    };
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        once(options, async tx => {
          await tx.query('INSERT INTO public.made VALUES ($1)', [changeId]);
          await tx.query('SELECT pg_sleep(0.1)');
          return { made: changeId };
        }),
      ),
    );
    expect(results).toEqual(Array.from({ length: 4 }, () => ({ made: changeId })));
    let acts = 0;
    const act = async () => (acts += 1);
    await effect({ ...options, name: 'mail' }, act);
    await effect({ ...options, name: 'mail' }, act);
    expect(acts).toBe(1);
    expect(await world.rows('SELECT FROM made WHERE change_id = $1', [changeId])).toHaveLength(1);
  }

  it('of its role: effects are made once, and values are read as they are', async () => {
    const pool = open(urlAs('perverse'));
    await expectEffectsOnce(pool, 'role');
    expect((await pool.query(RELIED_ON)).rows).toEqual([AS_RELIED_ON]);
    const zone = await pool.query('SHOW TimeZone');
    expect(zone.rows).toEqual([{ TimeZone: 'America/New_York' }]);
  });

  it('of its URL: time-outs that are set there on purpose stay, all else as above', async () => {
    const url = urlAs('perverse');
    const options = '-c default_transaction_isolation=serializable -c DateStyle=German -c lock_timeout=7s';
    url.search = `?options=${encodeURIComponent(options)}&statement_timeout=9000&query_timeout=1&application_name=mine`;
    const pool = open(url);
    await expectEffectsOnce(pool, 'url');
    expect((await pool.query(RELIED_ON)).rows).toEqual([AS_RELIED_ON]);
    const { rows } = await pool.query(
      `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
              current_setting('application_name') AS name`,
    );
    expect(rows).toEqual([{ lock: '7s', statement: '9s', name: 'mine' }]);
  });

  it('behind a pooler that takes no settings: goes on without them', async () => {
    await using pooler = await startPooler(servers.postgres.port);
    const pool = open(pooler.url(world.databaseUrl));
    await expectEffectsOnce(pool, 'pooler');
    expect(pooler.refused()).toBeGreaterThan(0);
  });
});

/** Refuses a connection whose first message has `options`, in the words of PgBouncer; passes every other on. */
async function startPooler(port: number) {
  let refused = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer(client => {
    keep(client).once('data', startup => {
      if (startup.includes('\0options\0')) {
        refused += 1;
        const fields = 'SFATAL\0C08P01\0Munsupported startup parameter: options\0\0';
        const head = Buffer.alloc(5, 'E');
        head.writeInt32BE(fields.length + 4, 1);
        client.end(Buffer.concat([head, Buffer.from(fields)]));
        return;
      }
      const target = keep(connect(port, '127.0.0.1'));
      target.write(startup);
      client.pipe(target).pipe(client);
    });
  });
  await nextOf(server.listen(0, '127.0.0.1'), 'listening');
  return {
    refused: () => refused,
    url: (target: string) =>
      Object.assign(new URL(target), { port: String((server.address() as AddressInfo).port) }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await nextOf(server, 'close');
    },
  };
}
