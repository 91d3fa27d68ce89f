import { eventually, gate, type Servers, startServers, stopServers } from '@walmq/testing';
import { UnrecoverableError } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker, type HandlerContext } from '../src/define/define.js';
import type { InsertChange } from '../src/define/row-changes.js';
import { wholeBefore } from '../src/define/whole-before.js';
import { drop, giveUp } from '../src/failure/thrown.js';
import { WorkerWorld } from './worker-fixture.js';

interface Order {
  id: number;
  status: string;
}

const NEW: Order = { id: 1, status: 'new' };
const PAID: Order = { id: 1, status: 'paid' };

describe('a worker', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  const create = (
    name: string,
    queue: { concurrency?: number; deadlineMs?: number; bullmqEvents?: boolean } = {},
  ) =>
    WorkerWorld.create(servers, name, {
      queues: { orders: { tables: ['orders', 'sales.orders'], ...queue } },
    });

  it.each([true, false])("writes BullMQ's events as the queue is configured (%s)", async bullmqEvents => {
    await using world = await create(`events_${bullmqEvents}`, { bullmqEvents });
    world.start(
      defineWorker<{ orders: Order }>({ queue: 'orders', on: { orders: { insert: async () => 1 } } }),
    );
    const ending = await world.process('orders', world.change('insert', 'orders', { after: NEW }));
    expect(ending).toMatchObject({ state: 'completed', result: 1 });
    const entries = await world.redis.xrange(`${world.prefix}:orders:events`, '-', '+');
    const events = entries.map(([, [, event]]) => event);
    const byMoves = ['active', 'completed'];
    expect(byMoves.filter(event => events.includes(event))).toEqual(bullmqEvents ? byMoves : []);
  });

  it('runs the handler of the table and operation, logs it and measures it', async () => {
    await using world = await create('handled');
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            update: async (change, { attempt }) => ({
              from: wholeBefore(change, 'status').status,
              to: change.after.status,
              attempt,
            }),
          },
        },
      }),
    );
    const change = world.change('update', 'orders', { before: NEW, after: PAID });
    const ending = await world.process('orders', change);
    expect(ending).toEqual({ state: 'completed', result: { from: 'new', to: 'paid', attempt: 1 }, tries: 1 });
    const line = world.logged.find(({ event }) => event === 'change:processed');
    expect(line).toMatchObject({
      level: 'info',
      msg: '✅ Processed UPDATE on orders: {"from":"new","to":"paid","attempt":1}',
      queue: 'orders',
      table: 'orders',
      op: 'update',
      changeId: change.id,
      attempt: 1,
      durationMs: expect.any(Number) as number,
    });
    const metrics = await world.registry.metrics();
    expect(metrics).toContain(
      'walmq_worker_changes_total{queue="orders",table="orders",op="update",outcome="processed"} 1',
    );
    expect(metrics).toContain('walmq_worker_active{queue="orders"} 0');
    expect(metrics).toContain('walmq_worker_commit_to_done_seconds_count{queue="orders"} 1');
    expect(metrics).toContain(
      'walmq_worker_duration_seconds_count{queue="orders",table="orders",op="update"} 1',
    );
  });

  it('answers for tables and operations without a handler', async () => {
    await using world = await create('unhandled');
    world.start(
      defineWorker({ queue: 'orders', on: { 'sales.orders': { insert: async () => ({ sold: true }) } } }),
    );
    const sales = { ...world.change('insert', 'orders', { after: NEW }), schema: 'sales' };
    const results = [
      await world.process('orders', world.change('insert', 'orders', { after: NEW })),
      await world.process('orders', world.change('insert', 'constructor', { after: NEW })),
      await world.process('orders', { ...sales, op: 'delete', id: `${sales.id}-d` }),
      await world.process('orders', sales),
    ].map(ending => ending.state === 'completed' && ending.result);
    expect(results).toEqual([
      { processed: false, reason: 'unknown table' },
      { processed: false, reason: 'unknown table' },
      { processed: false, reason: 'no handler for delete' },
      { sold: true },
    ]);
    expect(world.logged.map(({ msg }) => msg)).toContain(
      '✅ Processed INSERT on sales.orders: {"sold":true}',
    );
  });

  it('says at start which tables of its queue it has no handler for', async () => {
    await using world = await create('said');
    world.start(
      defineWorker({ queue: 'orders', on: { orders: { insert: async () => 1 }, 'sales.orders': {} } }),
    );
    expect(world.logged.filter(({ event }) => event === 'worker:table-unhandled')).toMatchObject([
      { level: 'warn', table: 'sales.orders', queue: 'orders' },
    ]);
  });

  it('completes a dropped change with the reason, and leaves nothing of what it had begun', async () => {
    await using world = await create('dropped');
    await world.pool.query('CREATE TABLE made (id integer)');
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: (change, { once }) =>
              once(change, async tx => {
                await tx.query('INSERT INTO made VALUES ($1)', [change.after.id]);
                throw drop('a test order');
              }),
          },
        },
      }),
    );
    expect(await world.process('orders', world.change('insert', 'orders', { after: NEW }))).toEqual({
      state: 'completed',
      result: { processed: false, reason: 'a test order' },
      tries: 1,
    });
    expect(await world.rows('SELECT FROM made')).toEqual([]);
    expect(await world.rows('SELECT FROM walmq.inbox')).toEqual([]);
    expect(world.logged).toContainEqual(
      expect.objectContaining({ event: 'change:dropped', level: 'info', msg: 'Dropped: INSERT on orders' }),
    );
    expect(await world.registry.metrics()).toContain(
      'walmq_worker_changes_total{queue="orders",table="orders",op="insert",outcome="dropped"} 1',
    );
  });

  it('gives handlers what the app gave to the worker', async () => {
    await using world = await create('given');
    const greeted: string[] = [];
    interface Greeter {
      readonly greet: (name: string) => void;
    }
    const greetOrder = async (change: InsertChange<Order>, { greet, attempt }: HandlerContext<Greeter>) => {
      greet(`order ${change.after.id}`);
      return { attempt };
    };
    world.start(
      defineWorker<{ orders: Order }, Greeter>({
        queue: 'orders',
        context: { greet: name => greeted.push(name) },
        on: { orders: { insert: greetOrder } },
      }),
    );
    expect(await world.process('orders', world.change('insert', 'orders', { after: NEW }))).toMatchObject({
      result: { attempt: 1 },
    });
    expect(greeted).toEqual(['order 1']);
  });

  it('stores no row data with a failure, and the stacks of the last tries alone', async () => {
    await using world = await create('stored');
    await world.pool.query('CREATE TABLE taken (email text PRIMARY KEY, age integer)');
    await world.pool.query("INSERT INTO taken VALUES ('secret@example.com')");
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: (change, { once, attempt }) =>
              once(change, async tx => {
                if (attempt < 5) throw Object.assign(new Error('passing'), { code: 'ECONNRESET' });
                await tx.query('INSERT INTO taken VALUES ($1)', ['secret@example.com']);
              }),
            update: (change, { once }) =>
              once(change, tx => tx.query('INSERT INTO taken VALUES ($1, $2)', ['x', 'secret age'])),
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: NEW }));
    expect(await world.ending('orders', job)).toEqual({
      state: 'failed',
      tries: 5,
      reason: '23505: duplicate key value violates unique constraint "taken_pkey" (table taken)',
    });
    const stored = await world.redis.hgetall(`${world.prefix}:orders:${job.id}`);
    const stacks = JSON.parse(stored.stacktrace as string) as string[];
    expect(stacks).toHaveLength(3);
    expect(stacks[2]).toMatch(/^error: 23505: duplicate key .*\n +at /);
    const update = await world.process('orders', world.change('update', 'orders', { after: PAID }));
    expect(update).toMatchObject({ reason: '22P02: invalid input syntax for type integer' });
    expect(JSON.stringify([stored, world.logged])).not.toContain('secret');
  });

  it('refuses a queue that is not configured, and a table that does not feed the queue', async () => {
    await using world = await create('refused');
    expect(() => world.start(defineWorker({ queue: 'audit', on: {} }))).toThrow(
      expect.objectContaining({ code: 'QUEUE_UNKNOWN', message: expect.stringContaining('"audit"') }),
    );
    expect(() => world.start(defineWorker({ queue: 'orders', on: { order_items: {} } }))).toThrow(
      expect.objectContaining({
        code: 'TABLE_NOT_IN_QUEUE',
        message: expect.stringContaining('"order_items"'),
      }),
    );
  });

  it('tries a passing failure again, and no more often than the job may be tried', async () => {
    await using world = await create('retried');
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { attempt }) => {
              if (attempt < 3) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
              return 'at last';
            },
          },
        },
      }),
    );
    const [passing, hopeless] = [1, 2].map(() => world.change('insert', 'orders', { after: NEW }));
    expect(await world.process('orders', passing!)).toEqual({
      state: 'completed',
      result: 'at last',
      tries: 3,
    });
    expect(await world.process('orders', hopeless!, { attempts: 2 })).toEqual({
      state: 'failed',
      reason: 'refused',
      tries: 2,
    });
    const outcomes = world.logged.map(({ event }) => event).filter(event => event?.startsWith('change:'));
    expect(outcomes).toEqual([
      'change:retried',
      'change:retried',
      'change:processed',
      'change:retried',
      'change:failed',
    ]);
  });

  it.each([
    ['a handler gives up', () => giveUp('there is no such customer.'), /there is no such customer/],
    [
      'the data breaks a constraint',
      () => Object.assign(new Error('duplicate'), { code: '23505' }),
      /duplicate/,
    ],
    [
      'the mail is refused',
      () => Object.assign(new Error('unknown user'), { responseCode: 550 }),
      /unknown user/,
    ],
    ['BullMQ is told so', () => new UnrecoverableError('enough'), /enough/],
  ])('fails at once when %s', async (name, error, reason) => {
    await using world = await create(`gave_up_${name.replaceAll(/\W/g, '_').toLowerCase()}`);
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async () => {
              throw error();
            },
          },
        },
      }),
    );
    const ending = await world.process('orders', world.change('insert', 'orders', { after: NEW }));
    expect(ending).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringMatching(reason) as string,
    });
    expect(world.logged).toContainEqual(expect.objectContaining({ event: 'change:failed', level: 'error' }));
  });

  it('gives up on an update whose old row is unknown, and says what to do', async () => {
    await using world = await create('no_old_row');
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: { orders: { update: async change => wholeBefore(change, 'status') } },
      }),
    );
    const ending = await world.process('orders', world.change('update', 'orders', { after: PAID }));
    expect(ending).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('REPLICA IDENTITY FULL'),
    });
  });

  it('fails a job that holds no change, without a retry', async () => {
    await using world = await create('no_change');
    world.start(defineWorker({ queue: 'orders', on: {} }));
    const change = { ...world.change('insert', 'orders', { after: NEW }), table: '' };
    const ending = await world.process('orders', change);
    expect(ending).toMatchObject({ state: 'failed', tries: 1, reason: expect.stringContaining('table') });
  });

  it('refuses a second once() of one handler, which would pass for the first', async () => {
    await using world = await create('once_twice');
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: async (change, { once }) => {
              await once(change, async () => 1);
              return await once(change, async () => 2);
            },
          },
        },
      }),
    );
    const ending = await world.process('orders', world.change('insert', 'orders', { after: NEW }));
    expect(ending).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringContaining('ONCE_TWICE'),
    });
  });

  it('ends a handler at its deadline and tries again', async () => {
    await using world = await create('deadline', { deadlineMs: 50 });
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { signal, attempt }) => {
              if (attempt > 1) return 'in time';
              return await new Promise((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason as Error));
              });
            },
          },
        },
      }),
    );
    const ending = await world.process('orders', world.change('insert', 'orders', { after: NEW }));
    expect(ending).toEqual({ state: 'completed', result: 'in time', tries: 2 });
    expect(world.logged).toContainEqual(
      expect.objectContaining({ event: 'change:retried', code: 'HANDLER_DEADLINE' }),
    );
  });

  it.each([
    ['gives up', giveUp('the carrier does not answer.'), { state: 'failed', tries: 1 }],
    ['drops the change', drop('too late to matter'), { state: 'completed', tries: 1 }],
  ])('takes the word of a handler that %s once its time is up', async (name, error, ending) => {
    await using world = await create(`decided_${name.replaceAll(' ', '_')}`, { deadlineMs: 50 });
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { signal }) =>
              await new Promise((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(error));
              }),
          },
        },
      }),
    );
    const change = world.change('insert', 'orders', { after: NEW });
    expect(await world.process('orders', change)).toMatchObject(ending);
  });

  it('ends a transaction that waits for a lock at its deadline', async () => {
    await using world = await create('locked', { deadlineMs: 200 });
    await world.pool.query('CREATE TABLE held (id integer); INSERT INTO held VALUES (1)');
    const holder = await world.pool.connect();
    await holder.query('BEGIN; LOCK TABLE held');
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (change, { once }) =>
              await once(change, async tx => (await tx.query('UPDATE held SET id = id + 1')).rowCount),
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: NEW }), {
      attempts: 100,
    });
    await eventually(() =>
      expect(world.logged).toContainEqual(
        expect.objectContaining({ event: 'change:retried', code: 'HANDLER_DEADLINE' }),
      ),
    );
    await holder.query('COMMIT');
    holder.release();
    expect(await world.ending('orders', job)).toMatchObject({ state: 'completed', result: 1 });
    expect(await world.rows('SELECT id FROM held')).toEqual([{ id: 2 }]);
  });

  it('ends an outside effect whose record waits for a lock at its deadline, before anything was done', async () => {
    await using world = await create('ledger_locked', { deadlineMs: 200 });
    const holder = await world.pool.connect();
    await holder.query('BEGIN; LOCK TABLE walmq.effects');
    let acts = 0;
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: (change, { effect }) =>
              effect(change, 'mail', async () => {
                acts += 1;
                return 'sent';
              }),
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: NEW }), {
      attempts: 100,
    });
    await eventually(() =>
      expect(world.logged).toContainEqual(expect.objectContaining({ event: 'change:retried' })),
    );
    expect(acts).toBe(0);
    await holder.query('COMMIT');
    holder.release();
    expect(await world.ending('orders', job)).toMatchObject({ state: 'completed', result: 'sent' });
    expect(acts).toBe(1);
  });

  it('does not run a retry beside a handler that ignores its deadline, and says so meanwhile', async () => {
    await using world = await create('overrun', { deadlineMs: 50 });
    const stuck = gate();
    let running = 0;
    let most = 0;
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { attempt }) => {
              most = Math.max(most, ++running);
              try {
                if (attempt > 1) return 'second try';
                await stuck.pass();
                throw new Error('too late');
              } finally {
                running -= 1;
              }
            },
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: NEW }));
    await eventually(() =>
      expect(world.logged).toContainEqual(
        expect.objectContaining({ event: 'handler:overrun', level: 'error' }),
      ),
    );
    expect(await world.stateOf('orders', job)).toBe('active');
    stuck.open();
    expect(await world.ending('orders', job)).toEqual({ state: 'completed', result: 'second try', tries: 2 });
    expect(most).toBe(1);
  });

  it('lets running handlers finish when it closes, and takes nothing new', async () => {
    await using world = await create('drained', { concurrency: 1 });
    const slow = gate();
    const worker = world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { signal }) => {
              await slow.pass();
              return { aborted: signal.aborted };
            },
          },
        },
      }),
    );
    expect(worker.isRunning()).toBe(true);
    const first = await world.add('orders', world.change('insert', 'orders', { after: NEW }));
    await slow.reached;
    const second = await world.add('orders', world.change('insert', 'orders', { after: NEW }));
    const closed = worker.close(60_000);
    expect(worker.isRunning()).toBe(false);
    slow.open();
    await closed;
    expect(await world.ending('orders', first)).toEqual({
      state: 'completed',
      result: { aborted: false },
      tries: 1,
    });
    expect(await world.stateOf('orders', second)).toBe('waiting');
  });

  it('hands back what does not finish in time when it closes, without the loss of an attempt', async () => {
    await using world = await create('handed_back');
    const stuck = gate();
    const first = world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { signal }) => {
              signal.addEventListener('abort', stuck.open);
              await stuck.pass();
              throw signal.reason;
            },
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: NEW }), { attempts: 1 });
    await stuck.reached;
    await first.close(50);
    expect(await world.stateOf('orders', job)).toBe('waiting');
    expect(world.logged).toContainEqual(expect.objectContaining({ event: 'change:handed-back' }));
    world.start(
      defineWorker({ queue: 'orders', on: { orders: { insert: async (_, { attempt }) => ({ attempt }) } } }),
    );
    expect(await world.ending('orders', job)).toEqual({
      state: 'completed',
      result: { attempt: 1 },
      tries: 1,
    });
  });
});
