import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { type Network, startNetwork } from '@walmq/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openClient } from '../src/open-client.js';
import { checkPostgres, createPool } from '../src/pool.js';

/** Short, so that the tests are; what is told apart does not hang on it. */
const deadlineMs = 400;

describe('a connection that is half open', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  async function open(max: number): Promise<{ network: Network; pool: Pool; lost: Error[] }> {
    const network = await startNetwork(postgres.port);
    const lost: Error[] = [];
    const pool = createPool({
      url: network.url(postgres.url),
      name: 'half open',
      max,
      deadlineMs,
      forHandlers: true,
      onLost: error => lost.push(error),
    });
    onTestFinished(async () => {
      await network[Symbol.asyncDispose]();
      await pool.end();
    });
    return { network, pool, lost };
  }

  it.each(['replies', 'requests'] as const)(
    'of a pool (%s): what waits on it fails, is said, and the next gets a new one',
    async direction => {
      const { network, pool, lost } = await open(2);
      const tx = await pool.connect();
      tx.on('error', () => undefined);
      await tx.query('BEGIN; CREATE TABLE IF NOT EXISTS held_by_dead (id integer); COMMIT; BEGIN');
      await tx.query('LOCK TABLE held_by_dead');
      await pool.query('SELECT 1'); // a second one, idle
      network.lose(direction);
      await expect(Promise.allSettled([tx.query('SELECT 2'), pool.query('SELECT 3')])).resolves.toMatchObject(
        [
          { status: 'rejected', reason: { code: 'DATABASE_UNREACHABLE' } },
          { status: 'rejected', reason: { code: 'DATABASE_UNREACHABLE' } },
        ],
      );
      tx.release(true);
      // The server does not hear that the connection is gone, and yet its locks are.
      expect((await pool.query('SELECT count(*)::int AS n FROM held_by_dead')).rows).toEqual([{ n: 0 }]);
      expect(await checkPostgres(pool)).toBeUndefined();
      expect(lost.length).toBeGreaterThanOrEqual(2);
    },
  );

  it('holds no locks for longer than a handler may take, although nobody watches it any more', async () => {
    await using network = await startNetwork(postgres.port);
    const pool = createPool({
      url: network.url(postgres.url),
      name: 'half open',
      max: 2,
      // Longer than the handler's deadline, after which the pool forgets the connection.
      deadlineMs: 60_000,
      forHandlers: true,
      idleInTransactionMs: 300,
    });
    const tx = await pool.connect();
    await tx.query('BEGIN; CREATE TABLE abandoned (id integer); COMMIT; BEGIN; LOCK TABLE abandoned');
    network.lose('requests');
    tx.release(true);
    expect((await pool.query('SELECT count(*)::int AS n FROM abandoned')).rows).toEqual([{ n: 0 }]);
    await pool.end();
  });

  it('is given up before its first byte', async () => {
    const { network, pool } = await open(1);
    network.stall();
    await expect(pool.query('SELECT 1')).rejects.toThrow(/timeout/);
    network.mend();
    expect(await checkPostgres(pool)).toBeUndefined();
  });

  it.each(['replies', 'requests'] as const)('is given up in its greeting (%s)', async direction => {
    const { network, pool } = await open(1);
    const observer = await openClient({ url: postgres.url, name: 'observer' });
    const sql = "SELECT FROM pg_stat_activity WHERE application_name = 'half open' AND state = 'idle'";
    // So slow that the server has let the connection in, and its first query is not there yet.
    network.slow(500);
    const query = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await vi.waitUntil(async () => (await observer.client.query(sql)).rowCount === 1, {
      timeout: 30_000,
      interval: 5,
    });
    network.lose(direction);
    network.slow(0);
    await query;
    expect(await checkPostgres(pool)).toBeUndefined();
    await observer.close();
  });

  it('is told from a long statement, a lock that is waited for, and a transaction that is idle', async () => {
    const { pool, lost } = await open(4);
    const holder = await pool.connect();
    await holder.query('BEGIN; CREATE TABLE held (id integer); COMMIT; BEGIN; LOCK TABLE held');
    const slept = pool.query('SELECT pg_sleep(2)');
    const locked = pool.query('SELECT count(*)::int AS n FROM held');
    await slept;
    await holder.query('COMMIT');
    holder.release();
    expect((await locked).rows).toEqual([{ n: 0 }]);
    expect(lost).toEqual([]);
  });

  it('of our own: its question fails, and it is lost', async () => {
    await using network = await startNetwork(postgres.port);
    const { client, lost, close } = await openClient({
      url: network.url(postgres.url),
      name: 'half open',
      deadlineMs,
    });
    network.lose('replies');
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(lost).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await close();
  });
});
