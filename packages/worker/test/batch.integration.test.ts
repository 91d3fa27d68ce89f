import type { Change } from '@walmq/change';
import { eventually, gate, type Servers, startServers, stopServers } from '@walmq/testing';
import type { Job } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BatchChange, BatchContext } from '../src/define/batch.js';
import { defineWorker } from '../src/define/define.js';
import type { RunningWorker } from '../src/run/start.js';
import { WorkerWorld } from './worker-fixture.js';

interface Item {
  readonly id: number;
}

type Batch = readonly BatchChange<{ items: Item }>[];
type Context = BatchContext<BatchChange<{ items: Item }>>;

const idOf = (change: Batch[number]) => (change.after as Item).id;

describe('a worker with batches', () => {
  let servers: Servers;
  let world: WorkerWorld;
  let running: RunningWorker | undefined;
  let ids = 0;
  /** The ids of the items of each call of the handler, in the test's order. */
  let calls: number[][] = [];
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'batch', {
      queues: {
        items: { table: 'items', backoff: { type: 'fixed', delayMs: 100 } },
        hasty: { table: 'items', deadlineMs: 500 },
      },
      schema: `CREATE TABLE made (id integer NOT NULL CHECK (id % 1000 <> 13));
        CREATE TABLE items (id integer PRIMARY KEY, seen boolean);
        CREATE TABLE totals (name text PRIMARY KEY, amount integer NOT NULL);
        INSERT INTO totals VALUES ('a', 0), ('b', 0)`,
    });
  });
  afterEach(async () => {
    await running?.close(0);
    calls = [];
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  function start(
    onBatch: (changes: Batch, context: Context) => Promise<readonly unknown[]>,
    { size = 100, queue = 'items' } = {},
  ) {
    running = world.start(
      defineWorker<{ items: Item }>({
        queue,
        batch: { size, waitMs: 200 },
        onBatch: (changes, context) => {
          calls.push(changes.map(idOf));
          return onBatch(changes, context);
        },
      }),
    );
  }

  const make = (changes: Batch, { once }: Context) =>
    once(changes, async (tx, due) => {
      await tx.query('INSERT INTO made SELECT unnest($1::integer[])', [due.map(idOf)]);
      return due.map(change => ({ made: idOf(change) }));
    });
  const change = (id: number) => world.change<Item>('insert', 'items', { after: { id } });
  /** As many as the worker takes at a time, so that they come in one batch. */
  const add = async (changes: readonly Change<Item>[], options = {}, queue = 'items') =>
    await Promise.all(changes.map(each => world.add(queue, each, options)));
  const next = (count: number) =>
    Array.from({ length: count }, () => {
      ids += 1;
      if (ids % 1000 === 13) ids += 1;
      return change(ids);
    });
  const endings = (jobs: readonly Job<Change>[], queue = 'items') =>
    Promise.all(jobs.map(job => world.ending(queue, job)));
  const madeOf = async (changes: readonly Change<Item>[]) =>
    (
      await world.rows<{ id: number }>('SELECT id FROM made WHERE id = ANY ($1) ORDER BY id', [
        changes.map(({ after }) => after?.id),
      ])
    ).map(({ id }) => id);
  const itemsOf = (changes: readonly Change<Item>[]) => changes.map(({ after }) => after?.id);

  it('makes the effects of many changes in one call and one transaction, each with its result', async () => {
    const changes = next(40);
    const jobs = await add(changes);
    start(make);
    expect(await endings(jobs)).toEqual(
      changes.map(({ after }) => ({ state: 'completed', result: { made: after?.id }, tries: 1 })),
    );
    expect(await madeOf(changes)).toEqual(itemsOf(changes));
    expect(calls).toEqual([itemsOf(changes)]);
    const inbox = await world.rows('SELECT DISTINCT xmin::text FROM walmq.inbox WHERE change_id = ANY ($1)', [
      changes.map(({ id }) => id),
    ]);
    expect(inbox).toHaveLength(1);
    const metrics = await world.registry.metrics();
    expect(metrics).toContain('walmq_worker_batch_changes_count{queue="items"} 1');
    expect(metrics).toContain('walmq_worker_batch_changes_sum{queue="items"} 40');
    expect(metrics).toContain('walmq_worker_batch_duration_seconds_count{queue="items"} 1');
  });

  it('gives no batch more than its size, and the changes of a key one after the other', async () => {
    const rows = [5001, 5002, 5003];
    const versions = (row: number) => [1, 2, 3, 4].map(() => change(row));
    const jobs = (await Promise.all(rows.map(row => world.addInOrder('items', versions(row))))).flat();
    const others = await add(next(20));
    start(make, { size: 8 });
    await endings([...jobs, ...others] as Job<Change>[]);
    expect(calls.every(call => call.length <= 8)).toBe(true);
    expect(calls.every(call => new Set(call).size === call.length)).toBe(true);
    expect(calls.flat().filter(id => id > 5000)).toHaveLength(12);
    for (const job of jobs) expect(await world.ending('items', job)).toMatchObject({ state: 'completed' });
  });

  it('leaves out what was done before, and answers with the recorded results', async () => {
    const changes = next(10);
    const first = await add(changes.slice(0, 5));
    start(make);
    await endings(first);
    const again = await add(changes.slice(0, 5), { jobId: undefined });
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    const mixed = await Promise.all(
      changes.map((each, index) => world.add('items', each, { jobId: `again-${index}-${each.id}` })),
    );
    expect(await endings(mixed)).toEqual(
      changes.map(({ after }) => ({ state: 'completed', result: { made: after?.id }, tries: 1 })),
    );
    expect(await madeOf(changes)).toEqual(itemsOf(changes));
  });

  it('makes the effect of a change once that comes twice in one batch', async () => {
    const [twice] = next(1);
    const jobs = await Promise.all(
      ['x', 'y'].map(jobId => world.add('items', twice!, { jobId: `${jobId}-${twice!.id}` })),
    );
    start(make);
    expect(await endings(jobs)).toEqual(
      Array(2).fill({ state: 'completed', result: { made: twice?.after?.id }, tries: 1 }),
    );
    expect(await madeOf([twice!])).toEqual(itemsOf([twice!]));
  });

  it.each([
    ['PostgreSQL refuses', 1, async () => {}],
    [
      'the handler fails on',
      3,
      async (changes: Batch) => {
        if (changes.some(each => idOf(each) % 1000 === 13)) throw new Error('poison');
      },
    ],
  ])('fails only the change that %s', async (_, tries, check) => {
    const changes = [...next(25), change(1013 + 1000 * tries), ...next(25)];
    const jobs = await add(changes, { attempts: 3 });
    start(async (batch, context) => {
      await check(batch);
      return await make(batch, context);
    });
    for (const [index, ending] of (await endings(jobs)).entries())
      expect(ending).toMatchObject(
        index === 25
          ? { state: 'failed', tries, reason: expect.stringMatching(/23514|poison/) }
          : { state: 'completed', tries: 1 },
      );
    expect(await madeOf(changes)).toEqual(itemsOf(changes.toSpliced(25, 1)));
    // The first call fails, then its halves, and no batch again by a retry of the one that fails.
    const failed = calls.filter(call => call.includes(1013 + 1000 * tries) && call.length > 1);
    expect(failed.length).toBeLessThanOrEqual(6);
  });

  it('settles changes as the handler says, and leaves nothing of their effects', async () => {
    const changes = next(8);
    const [dropped, given, put, failed] = itemsOf(changes);
    const jobs = await add(changes, { attempts: 1 });
    start(async (batch, context) => {
      const { once, drop, giveUp, postpone, fail, job } = context;
      return await once(batch, async (tx, due) => {
        await tx.query('INSERT INTO made SELECT unnest($1::integer[])', [due.map(idOf)]);
        for (const each of due) {
          if (idOf(each) === dropped) drop(each, 'a test');
          if (idOf(each) === given) giveUp(each, 'no such account.', { remedy: 'Create it.' });
          if (idOf(each) === put && !context.signal.aborted && (await world.countOf('items', 'failed')) < 3)
            postpone(each, 'closed', 150);
          if (idOf(each) === failed) fail(each, new Error('no'));
        }
        return due.map(each => job(each).attempt);
      });
    });
    const [first, second, third, fourth, ...others] = await endings(jobs);
    expect(first).toMatchObject({ state: 'completed', result: { processed: false, reason: 'a test' } });
    expect(second).toMatchObject({
      state: 'failed',
      reason: 'HANDLER_GAVE_UP: no such account. Create it.',
    });
    expect(fourth).toMatchObject({ state: 'failed', reason: 'no' });
    expect(third).toMatchObject({ state: 'completed', tries: 1 });
    expect(others).toEqual(Array(4).fill({ state: 'completed', result: 1, tries: 1 }));
    expect(await madeOf(changes)).toEqual([put, ...itemsOf(changes).slice(4)]);
  });

  it('fails with the reason of one result that JSON cannot hold, and keeps the others', async () => {
    const changes = next(5);
    const jobs = await add(changes);
    start((batch, { once }) =>
      once(batch, async (tx, due) => {
        await tx.query('INSERT INTO made SELECT unnest($1::integer[])', [due.map(idOf)]);
        return due.map(each => (idOf(each) === changes[2]?.after?.id ? 1n : 1));
      }),
    );
    expect(await endings(jobs)).toMatchObject([
      { state: 'completed' },
      { state: 'completed' },
      { state: 'failed', reason: expect.stringContaining('RESULT_NOT_JSON') },
      { state: 'completed' },
      { state: 'completed' },
    ]);
    expect(await madeOf(changes)).toEqual(itemsOf(changes.toSpliced(2, 1)));
  });

  it('waits for changes that are not visible yet, postpones them in the end, and makes the others', async () => {
    const client = await world.pool.connect();
    try {
      await client.query('BEGIN');
      const changes = next(6);
      const hidden = changes[3]!;
      const { rows } = await client.query<{ xid: string }>(
        'INSERT INTO items VALUES ($1) RETURNING pg_current_xact_id()::text::bigint % (2^32)::bigint AS xid',
        [hidden.after?.id],
      );
      const jobs = await add(
        changes.map(each =>
          each === hidden ? { ...each, tx: { ...each.tx, xid: Number(rows[0]?.xid) } } : each,
        ),
      );
      start((batch, { once }) =>
        once(batch, async (tx, due) => {
          const found = await tx.query('UPDATE items SET seen = true WHERE id = ANY ($1)', [due.map(idOf)]);
          return due.map(() => found.rowCount);
        }),
      );
      expect(await endings(jobs.toSpliced(3, 1))).toEqual(
        Array(5).fill({ state: 'completed', result: 0, tries: 1 }),
      );
      await client.query('COMMIT');
      expect(await world.ending('items', jobs[3]!)).toEqual({ state: 'completed', result: 1, tries: 1 });
    } finally {
      client.release();
    }
  });

  it('finds the one that does not end before the deadline, and makes the others', async () => {
    const changes = next(6);
    const slow = changes[2]?.after?.id;
    const jobs = await add(changes, { attempts: 2 }, 'hasty');
    start(
      (batch, { once }) =>
        once(batch, async (tx, due) => {
          await tx.query('INSERT INTO made SELECT unnest($1::integer[])', [due.map(idOf)]);
          if (due.some(each => idOf(each) === slow)) await tx.query('SELECT pg_sleep(60)');
          return due.map(idOf);
        }),
      { queue: 'hasty' },
    );
    const ended = await endings(jobs, 'hasty');
    expect(ended[2]).toMatchObject({
      state: 'failed',
      tries: 2,
      reason: expect.stringContaining('HANDLER_DEADLINE'),
    });
    expect(ended.toSpliced(2, 1)).toEqual(
      changes.toSpliced(2, 1).map(({ after }) => ({ state: 'completed', result: after?.id, tries: 1 })),
    );
    expect(await madeOf(changes)).toEqual(itemsOf(changes.toSpliced(2, 1)));
  });

  it('is handed back whole at a stop, without the loss of an attempt', async () => {
    const changes = next(6);
    const jobs = await add(changes);
    const begun = gate();
    start((batch, { once, signal }) =>
      once(batch, async (tx, due) => {
        await tx.query('INSERT INTO made SELECT unnest($1::integer[])', [due.map(idOf)]);
        void begun.pass();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return due;
      }),
    );
    await begun.reached;
    await running?.close(0);
    for (const job of jobs) expect(await world.stateOf('items', job)).toBe('waiting');
    expect(await madeOf(changes)).toEqual([]);
    start(make);
    expect(await endings(jobs)).toMatchObject(Array(6).fill({ state: 'completed', tries: 1 }));
    expect(await madeOf(changes)).toEqual(itemsOf(changes));
  });

  it('finishes a running batch at a stop that leaves it the time', async () => {
    const jobs = await add(next(6));
    const begun = gate();
    start(async (batch, context) => {
      await begun.pass();
      return await make(batch, context);
    });
    await begun.reached;
    const closed = running?.close(20_000);
    begun.open();
    await closed;
    for (const job of jobs) expect(await world.stateOf('items', job)).toBe('completed');
  });

  it('makes batches again that have met in a deadlock', async () => {
    const changes = next(8);
    const jobs = await add(changes);
    let bothHold = 0;
    const both = gate();
    start(
      (batch, { once }) =>
        once(batch, async (tx, due) => {
          const isFirst = due.some(each => each.id === changes[0]?.id);
          const [first, second] = isFirst ? ['a', 'b'] : ['b', 'a'];
          await tx.query('UPDATE totals SET amount = amount + $2 WHERE name = $1', [first, due.length]);
          bothHold += 1;
          if (bothHold === 2) both.open();
          await both.pass();
          await tx.query('UPDATE totals SET amount = amount + $2 WHERE name = $1', [second, due.length]);
          return due.map(() => 'added');
        }),
      { size: 4 },
    );
    expect(await endings(jobs)).toMatchObject(Array(8).fill({ state: 'completed', tries: 1 }));
    expect(await world.rows('SELECT amount FROM totals')).toEqual([{ amount: 8 }, { amount: 8 }]);
  });

  it('makes an effect outside in one act, and by a retry only what is not recorded', async () => {
    const changes = next(6);
    const jobs = await add(changes);
    const acts: { keys: string[]; all: string }[] = [];
    const refused = changes[4]?.id;
    start(async (batch, { effect, fail }) => {
      const told = await effect(batch, 'told', async (due, { of, idempotencyKey }) => {
        acts.push({ keys: due.map(each => of(each).idempotencyKey), all: idempotencyKey });
        // The outside answers for each: one of them it has not taken.
        if (acts.length === 1) for (const each of due) if (each.id === refused) fail(each, new Error('busy'));
        return due.map(idOf);
      });
      // After the act: what is recorded is not done again.
      if (calls.length === 1) throw new Error('a later step fails');
      return told;
    });
    const ended = await endings(jobs);
    expect(ended).toEqual(
      changes.map(({ after, id }) => ({
        state: 'completed',
        result: after?.id,
        tries: id === refused ? 2 : 1,
      })),
    );
    expect(acts.map(({ keys }) => keys.length)).toEqual([6, 1]);
    expect(acts[1]?.keys).toEqual([acts[0]?.keys[4]]);
    expect(new Set([...(acts[0]?.keys ?? []), ...acts.map(({ all }) => all)]).size).toBe(8);
    expect(
      await world.rows('SELECT DISTINCT state FROM walmq.effects WHERE change_id = ANY ($1)', [
        changes.map(({ id }) => id),
      ]),
    ).toEqual([{ state: 'done' }]);
  });

  it('is told of an effect that has another name at every call', async () => {
    const changes = next(4);
    const jobs = await add(changes);
    start(async (batch, { effect }) => {
      await effect(batch, `told-${calls.length}`, async () => {});
      await effect(batch, 'kept', async () => {});
      if (calls.length < 3) throw Object.assign(new Error('a later step fails'), { changeId: batch[0]?.id });
      return batch.map(idOf);
    });
    expect(await endings(jobs)).toMatchObject(Array(4).fill({ state: 'completed' }));
    const told = world.logged.filter(({ event }) => event === 'effect:renamed');
    const facts = told.map(({ made, asked, changes: count }) => [made, asked, count]);
    expect(facts).toContainEqual([['told-1', 'told-2'], ['told-3', 'kept'], 2]);
  });

  it('rejects a second once for a change, and waits for a call that is not awaited', async () => {
    const jobs = await add(next(2), { attempts: 1 });
    start(async (batch, context) => {
      await make(batch.slice(0, 1), context);
      await make(batch.slice(0, 1), context);
      return batch;
    });
    expect(await endings(jobs)).toMatchObject(
      Array(2).fill({ state: 'failed', reason: expect.stringContaining('ONCE_TWICE') }),
    );
    await running?.close(0);
    const changes = next(3);
    const left = await add(changes);
    start(async (batch, context) => {
      void make(batch, context);
      return batch.map(() => 'early');
    });
    expect(await endings(left)).toMatchObject(Array(3).fill({ state: 'completed', result: 'early' }));
    expect(await madeOf(changes)).toEqual(itemsOf(changes));
    await eventually(() => expect(world.logged.map(({ event }) => event)).toContain('handler:not-awaited'));
  });

  it('gives what is known of a job, as it is in Redis', async () => {
    const [one] = next(1);
    const exact = { ...one!, after: { id: one!.after!.id, note: 'é' } } as Change<Item>;
    const job = await world.add('items', exact);
    start(async ([each], { job: jobOf }) => {
      const { name, source, attempt, json } = jobOf(each!);
      return [{ name, source, attempt, json: await json() }];
    });
    expect(await world.ending('items', job)).toMatchObject({
      result: { name: 'insert', source: '', attempt: 1, json: JSON.stringify(exact) },
    });
  });
});
