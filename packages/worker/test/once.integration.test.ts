import { setImmediate } from 'node:timers/promises';
import { eventually, gate, type Servers, startServers, stopServers } from '@walmq/testing';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { effect, effectIdentity } from '../src/effects/effect.js';
import { once } from '../src/effects/once.js';
import { outcomeOf } from '../src/failure/outcome.js';
import { WorkerWorld } from './worker-fixture.js';

const QUEUES = { orders: { table: 'orders' } };
const SCHEMA = `
  CREATE TABLE made (change_id text NOT NULL);
  CREATE TABLE balance (id integer PRIMARY KEY, amount integer NOT NULL);
  INSERT INTO balance VALUES (1, 0), (2, 0);`;

async function conflict(tx: PoolClient, sqlState: string): Promise<void> {
  await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '${sqlState}'; END $$`);
}

describe('once and effect', () => {
  let servers: Servers;
  let world: WorkerWorld;
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'once', { queues: QUEUES, schema: SCHEMA });
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  const optionsOf = (changeId: string, signal = new AbortController().signal) => ({
    pool: world.pool,
    queue: 'orders',
    changeId,
    jobId: `${changeId}-000000`,
    signal,
    deadlineMs: 10_000,
  });
  const make = (changeId: string) => async (tx: PoolClient) => {
    await tx.query('INSERT INTO made VALUES ($1)', [changeId]);
    return { made: changeId };
  };
  const madeFor = async (changeId: string) =>
    (await world.rows('SELECT 1 FROM made WHERE change_id = $1', [changeId])).length;
  const isRecorded = async (changeId: string) =>
    (await world.rows('SELECT 1 FROM walmq.inbox WHERE change_id = $1', [changeId])).length > 0;

  it('makes an effect once and answers a repetition with the recorded result', async () => {
    const first = await once(optionsOf('repeated'), make('repeated'));
    const second = await once(optionsOf('repeated'), make('repeated'));
    expect(first).toEqual({ made: 'repeated' });
    expect(second).toEqual(first);
    expect(await madeFor('repeated')).toBe(1);
  });

  it.each([
    ['with a result', 'counted-result', (tx: PoolClient) => make('counted-result')(tx)],
    ['without one', 'counted-none', async (tx: PoolClient) => void (await make('counted-none')(tx))],
  ])('takes two round trips in addition to those of the effect, %s', async (_name, changeId, effect) => {
    const pool = new Pool({ connectionString: world.databaseUrl, max: 1 });
    let roundTrips = 0;
    pool.on('connect', client => {
      // The server ends its answer to each message that the driver waits for with this one.
      const { connection } = client as PoolClient & { connection: NodeJS.EventEmitter };
      connection.on('readyForQuery', () => {
        roundTrips += 1;
      });
    });
    await pool.query('SELECT 1');
    roundTrips = 0;
    await once({ ...optionsOf(changeId), pool }, effect);
    await pool.end();
    expect(roundTrips).toBe(3);
  });

  it('records per queue: two queues may each make their own effect of one change', async () => {
    await once(optionsOf('shared'), make('shared'));
    await once({ ...optionsOf('shared'), queue: 'audit' }, make('shared'));
    expect(await madeFor('shared')).toBe(2);
  });

  it('lets exactly one of many concurrent deliveries make the effect', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => once(optionsOf('concurrent'), make('concurrent'))),
    );
    expect(results).toEqual(Array.from({ length: 20 }, () => ({ made: 'concurrent' })));
    expect(await madeFor('concurrent')).toBe(1);
  });

  it('lets a concurrent delivery make the effect when the first one fails', async () => {
    const holding = gate();
    const failing = once(optionsOf('failing'), async tx => {
      holding.open();
      await make('failing')(tx);
      // Until the second delivery waits for this one.
      await eventually(async () => {
        const waiting = await world.rows(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'once'",
        );
        expect(waiting).toHaveLength(1);
      });
      throw new Error('the first one fails');
    });
    // Handled below; it must not count as unhandled before.
    failing.catch(() => {});
    await holding.pass();
    const second = once(optionsOf('failing'), make('failing'));
    await expect(failing).rejects.toThrow('the first one fails');
    await expect(second).resolves.toEqual({ made: 'failing' });
    expect(await madeFor('failing')).toBe(1);
  });

  it('leaves nothing of an effect that failed', async () => {
    const failing = once(optionsOf('undone'), async tx => {
      await make('undone')(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await madeFor('undone')).toBe(0);
    expect(await isRecorded('undone')).toBe(false);
  });

  it('records an effect that returns nothing', async () => {
    const silent = async (tx: PoolClient) => {
      await make('silent')(tx);
    };
    await once(optionsOf('silent'), silent);
    await once(optionsOf('silent'), silent);
    expect(await madeFor('silent')).toBe(1);
  });

  it('runs the effect again after a deadlock', async () => {
    let bothHold = 0;
    let runs = 0;
    const transfer = (changeId: string, from: number, to: number) =>
      once(optionsOf(changeId), async tx => {
        runs += 1;
        await tx.query('UPDATE balance SET amount = amount - 1 WHERE id = $1', [from]);
        bothHold += 1;
        while (bothHold < 2) await setImmediate();
        await tx.query('UPDATE balance SET amount = amount + 1 WHERE id = $1', [to]);
      });
    await Promise.all([transfer('there', 1, 2), transfer('back', 2, 1)]);
    // More often if the retry takes the free row before the other transaction wakes: that is a second deadlock.
    expect(runs).toBeGreaterThanOrEqual(3);
    expect(await world.rows('SELECT amount FROM balance')).toEqual([{ amount: 0 }, { amount: 0 }]);
  });

  it.each([
    ['serialization failure', '40001'],
    ['deadlock', '40P01'],
  ])('runs the effect again, in a new transaction, after a %s', async (_, sqlState) => {
    const changeId = `conflict-${sqlState}`;
    let runs = 0;
    const result = await once(optionsOf(changeId), async tx => {
      runs += 1;
      const made = await make(changeId)(tx);
      if (runs < 3) await conflict(tx, sqlState);
      return made;
    });
    expect(result).toEqual({ made: changeId });
    expect(runs).toBe(3);
    expect(await madeFor(changeId)).toBe(1);
  });

  it.each(['repeatable read', 'serializable'])('makes it once where transactions are %s', async isolation => {
    const pool = new Pool({
      connectionString: world.databaseUrl,
      max: 8,
      options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`,
    });
    const options = { ...optionsOf(`isolated ${isolation}`), pool };
    const results = await Promise.all(Array.from({ length: 8 }, () => once(options, make(options.changeId))));
    await pool.end();
    expect(results).toEqual(Array.from({ length: 8 }, () => ({ made: options.changeId })));
    expect(await madeFor(options.changeId)).toBe(1);
  });

  it('runs the effect again that PostgreSQL could not serialize', async () => {
    const pool = new Pool({
      connectionString: world.databaseUrl,
      max: 2,
      options: '-c default_transaction_isolation=serializable',
    });
    await world.pool.query('CREATE TABLE on_call (doctor integer); INSERT INTO on_call VALUES (1), (2)');
    let bothHaveRead = 0;
    let runs = 0;
    // Each may leave only while the other one stays.
    const leave = (doctor: number) =>
      once({ ...optionsOf(`leave-${doctor}`), pool }, async tx => {
        runs += 1;
        const { rowCount } = await tx.query('SELECT FROM on_call');
        bothHaveRead += 1;
        while (bothHaveRead < 2) await setImmediate();
        if (rowCount === 2) await tx.query('DELETE FROM on_call WHERE doctor = $1', [doctor]);
        return rowCount;
      });
    expect((await Promise.all([leave(1), leave(2)])).toSorted()).toEqual([1, 2]);
    await pool.end();
    expect(runs).toBeGreaterThan(2);
    expect(await world.rows('SELECT FROM on_call')).toHaveLength(1);
  });

  it('leaves a conflict that does not end to the retry of the job', async () => {
    let runs = 0;
    const hopeless = once(optionsOf('hopeless'), async tx => {
      runs += 1;
      await conflict(tx, '40001');
    });
    await expect(hopeless).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(5);
    expect(await isRecorded('hopeless')).toBe(false);
  });

  it('fails where the effect has gone on after a statement failed, though it returns nothing', async () => {
    const swallowing = once(optionsOf('swallowed'), async tx => {
      await make('swallowed')(tx);
      await tx.query('SELECT 1 / 0').catch(() => {});
    });
    await expect(swallowing).rejects.toMatchObject({ code: '25P02' });
    expect(await madeFor('swallowed')).toBe(0);
    expect(await isRecorded('swallowed')).toBe(false);
  });

  it('does not run the effect again after any other error', async () => {
    let runs = 0;
    const refused = once(optionsOf('refused'), async tx => {
      runs += 1;
      await tx.query('INSERT INTO made VALUES (NULL)');
    });
    await expect(refused).rejects.toMatchObject({ code: '23502' });
    expect(runs).toBe(1);
    expect(await isRecorded('refused')).toBe(false);
  });

  it('does not record an effect that took an SQL error for a success', async () => {
    const careless = once(optionsOf('careless'), async tx => {
      await make('careless')(tx);
      await tx.query('SELECT 1 / 0').catch(() => {});
    });
    await expect(careless).rejects.toMatchObject({ code: '25P02' });
    expect(await madeFor('careless')).toBe(0);
    expect(await isRecorded('careless')).toBe(false);
  });

  it('begins nothing once the time is up', async () => {
    const late = once(optionsOf('late', AbortSignal.abort(new Error('too late'))), make('late'));
    await expect(late).rejects.toThrow('too late');
    expect(await madeFor('late')).toBe(0);
  });

  it('closes the connection of a transaction whose time is up, and gives the pool a new one', async () => {
    const holder = await world.pool.connect();
    await holder.query('BEGIN; SELECT * FROM balance WHERE id = 1 FOR UPDATE');
    const stop = new AbortController();
    const blocked = once(optionsOf('blocked', stop.signal), async tx => {
      const pending = tx.query('UPDATE balance SET amount = 9 WHERE id = 1');
      setTimeout(() => stop.abort(), 50);
      await pending;
    });
    await expect(blocked).rejects.toThrow('Connection terminated');
    await holder.query('ROLLBACK');
    holder.release();
    await once(optionsOf('blocked'), make('blocked'));
    expect(await madeFor('blocked')).toBe(1);
    expect(await world.rows('SELECT amount FROM balance WHERE id = 1')).toEqual([{ amount: 0 }]);
  });

  it('has PostgreSQL give up a statement after the deadline', async () => {
    const slow = once({ ...optionsOf('slow'), deadlineMs: 50 }, tx => tx.query('SELECT pg_sleep(60)'));
    await expect(slow).rejects.toMatchObject({ code: '57014' });
  });

  it('outlives a connection that is lost between two statements', async () => {
    const lost = once(optionsOf('lost'), async tx => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const pid = rows[0]?.pid;
      await world.pool.query('SELECT pg_terminate_backend($1)', [pid]);
      // Heard of while no statement runs: nobody awaits a promise that could reject.
      await eventually(async () => {
        expect(await world.rows('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).toEqual([]);
      });
      await world.rows('SELECT 1');
      return await make('lost')(tx);
    });
    await expect(lost).rejects.toThrow();
    await once(optionsOf('lost'), make('lost'));
    expect(await madeFor('lost')).toBe(1);
  });

  it('does not repeat an outside effect that is recorded as done', async () => {
    const identities: string[] = [];
    const options = {
      pool: world.pool,
      queue: 'orders',
      changeId: 'mail',
      jobId: 'mail-000000',
      name: 'confirmation-mail',
      deadlineMs: 10_000,
    };
    const send = () =>
      effect(options, async ({ messageId }) => {
        identities.push(messageId);
        return { accepted: 1 };
      });
    expect(await send()).toEqual({ accepted: 1 });
    expect(await send()).toEqual({ accepted: 1 });
    expect(identities).toEqual([effectIdentity(options).messageId]);
    expect(await world.rows('SELECT name, state, attempts, result FROM walmq.effects')).toEqual([
      { name: 'confirmation-mail', state: 'done', attempts: 1, result: { accepted: 1 } },
    ]);
  });

  it('repeats an outside effect that failed, under the same identity', async () => {
    const identities: string[] = [];
    const options = {
      pool: world.pool,
      queue: 'orders',
      changeId: 'flaky',
      jobId: 'flaky-000000',
      name: 'webhook',
      deadlineMs: 10_000,
    };
    const call = () =>
      effect(options, async ({ idempotencyKey }) => {
        identities.push(idempotencyKey);
        if (identities.length === 1) throw new Error('no answer');
      });
    await expect(call()).rejects.toThrow('no answer');
    await call();
    await call();
    expect(identities).toHaveLength(2);
    expect(new Set(identities).size).toBe(1);
    expect(await world.rows("SELECT state, attempts FROM walmq.effects WHERE change_id = 'flaky'")).toEqual([
      { state: 'done', attempts: 2 },
    ]);
  });

  describe('an effect that was made is recorded as made,', () => {
    const self: { self?: unknown } = {};
    self.self = self;
    let deep: unknown[] = [];
    for (let depth = 0; depth < 7000; depth++) deep = [deep];
    const effectOptions = (changeId: string) => ({ ...optionsOf(changeId), name: 'mail' });

    it.each([
      ['U+0000', 'a\0b', 'a\0b'],
      ['half of a surrogate pair', { note: '\ud83d' }, { note: '\ud83d' }],
      ['a bigint', { total: 10n }, null],
      ['a circle', self, null],
      ['more levels than PostgreSQL takes', deep, null],
    ])('though its result is %s', async (name, result, kept) => {
      let acts = 0;
      const lost: string[] = [];
      const call = () =>
        effect({ ...effectOptions(name), onResultLost: reason => lost.push(reason.message) }, async () => {
          acts += 1;
          return result;
        });
      expect(await call()).toBe(result);
      expect(await call()).toEqual(kept);
      expect(acts).toBe(1);
      expect(lost).toHaveLength(kept === null ? 1 : 0);
    });

    it('once has such a result again too', async () => {
      const call = () => once(optionsOf('nul'), async () => ({ note: 'a\0\ud83d' }));
      expect(await call()).toEqual({ note: 'a\0\ud83d' });
      expect(await call()).toEqual({ note: 'a\0\ud83d' });
    });

    it('though connections are lost and transactions conflict as it is recorded', async () => {
      await world.pool.query(`CREATE SEQUENCE tries;
        CREATE FUNCTION unsteady() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE codes text[] := ARRAY['40001', '57P03', '40P01', '53300'];
        BEGIN
          CASE nextval('tries')
            WHEN 1, 2, 3, 4 THEN RAISE EXCEPTION 'not now' USING ERRCODE = codes[currval('tries')];
            WHEN 5, 6 THEN PERFORM pg_terminate_backend(pg_backend_pid());
            ELSE NULL;
          END CASE;
          RETURN NEW;
        END$$;
        CREATE TRIGGER unsteady BEFORE UPDATE ON walmq.effects FOR EACH ROW
          WHEN (NEW.change_id = 'unsteady') EXECUTE FUNCTION unsteady()`);
      let acts = 0;
      const call = () =>
        effect(effectOptions('unsteady'), async () => {
          acts += 1;
          return 'sent';
        });
      expect([await call(), await call(), acts]).toEqual(['sent', 'sent', 1]);
    });

    it('and where that cannot be, says so and is not made again by itself', async () => {
      await world.pool.query(
        'CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE insufficient_privilege; END$$',
      );
      await world.pool.query(
        "CREATE TRIGGER no BEFORE UPDATE ON walmq.effects FOR EACH ROW WHEN (NEW.change_id = 'refused') EXECUTE FUNCTION no()",
      );
      const error = await effect(effectOptions('refused'), async () => 'sent').catch(e => e as Error);
      expect(error).toMatchObject({ code: 'EFFECT_NOT_RECORDED' });
      expect(outcomeOf(error)).toBe('give-up');
    });

    it('under serializable isolation, with many at a time', async () => {
      const { pool } = world;
      const serializable = new Pool({
        connectionString: world.databaseUrl,
        options: '-c default_transaction_isolation=serializable',
        max: 10,
      });
      try {
        const acts = new Map<string, number>();
        const ids = Array.from({ length: 60 }, (_, n) => `serial-${n}`);
        const process = async (changeId: string): Promise<void> => {
          await effect({ ...effectOptions(changeId), pool: serializable }, async () => {
            acts.set(changeId, (acts.get(changeId) ?? 0) + 1);
            // What others read of the table is what makes a conflict of a write.
            await serializable
              .query("SELECT count(*) FROM walmq.effects WHERE state = 'intended'")
              .catch(() => {});
          }).catch(() => process(changeId));
        };
        await Promise.all(ids.map(process));
        expect([...acts.values()].every(count => count === 1)).toBe(true);
        const { rows } = await pool.query(
          "SELECT state, count(*)::int FROM walmq.effects WHERE change_id LIKE 'serial-%' GROUP BY 1",
        );
        expect(rows).toEqual([{ state: 'done', count: ids.length }]);
      } finally {
        await serializable.end();
      }
    });
  });

  it('tells effects apart by queue, change and name', () => {
    const identity = { queue: 'orders', changeId: 'a', name: 'mail' };
    const keys = [
      identity,
      { ...identity, queue: 'audit' },
      { ...identity, changeId: 'b' },
      { ...identity, name: 'webhook' },
    ].map(each => effectIdentity(each).idempotencyKey);
    expect(new Set(keys).size).toBe(4);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});
