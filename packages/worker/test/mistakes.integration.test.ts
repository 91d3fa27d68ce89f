import { eventually, gate, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker, type Handler } from '../src/define/define.js';
import type { InsertChange } from '../src/define/row-changes.js';
import { giveUp } from '../src/failure/thrown.js';
import { type Ending, WorkerWorld } from './worker-fixture.js';

interface Order {
  id: number;
}

type InsertHandler = Handler<InsertChange<Order>>;

describe('a handler with a mistake', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, {
      schema: 'CREATE TABLE booked (id integer PRIMARY KEY)',
      queues: { orders: { table: 'orders' } },
    });

  async function endingOf(world: WorkerWorld, insert: InsertHandler): Promise<Ending> {
    world.start(defineWorker<{ orders: Order }>({ queue: 'orders', on: { orders: { insert } } }));
    return await world.process('orders', world.change('insert', 'orders', { after: { id: 1 } }));
  }

  const warnings = (world: WorkerWorld, event: string) => world.logged.filter(line => line.event === event);

  it('that does not wait for once() is completed when once() is, and hears of it', async () => {
    await using world = await create('once_left');
    const slow = gate();
    const ending = endingOf(world, async (change, { once }) => {
      void once(change, async tx => {
        await slow.pass();
        await tx.query('INSERT INTO booked VALUES (1)');
      });
      return 'done';
    });
    await slow.reached;
    await eventually(() => expect(warnings(world, 'handler:not-awaited')).toHaveLength(1));
    expect(await world.countOf('orders', 'completed')).toBe(0);
    slow.open();
    expect(await ending).toEqual({ state: 'completed', result: 'done', tries: 1 });
    expect(await world.rows('SELECT id FROM booked')).toEqual([{ id: 1 }]);
    expect(warnings(world, 'handler:not-awaited')[0]?.msg).toBe(
      'The handler of INSERT on orders ended before once() had, for which the kit has waited: await it there',
    );
  });

  it('that does not wait for an effect fails by its failure, and the process lives on', async () => {
    await using world = await create('effect_left');
    const ending = await endingOf(world, async (change, { effect, attempt }) => {
      void effect(change, 'mail', async () => {
        if (attempt === 1) throw new Error('the mail server is away');
      });
      return 'done';
    });
    expect(ending).toMatchObject({ state: 'completed', tries: 2 });
    expect(world.logged).toContainEqual(
      expect.objectContaining({ event: 'change:retried', error: 'the mail server is away' }),
    );
  });

  it('that fails beside an effect is not tried again before that effect has ended', async () => {
    await using world = await create('beside');
    const slow = gate();
    const acts: string[] = [];
    const ending = endingOf(world, async (change, { effect, attempt }) => {
      if (attempt > 1) acts.push('second try');
      await Promise.all([
        effect(change, 'slow', async () => {
          await slow.pass();
          acts.push('slow');
        }),
        effect(change, 'failing', async () => {
          await slow.reached;
          if (attempt === 1) throw new Error('no');
        }),
      ]);
      return 'done';
    });
    await slow.reached;
    await eventually(async () =>
      expect(await world.rows("SELECT name FROM walmq.effects WHERE state = 'intended'")).toHaveLength(2),
    );
    slow.open();
    expect(await ending).toMatchObject({ state: 'completed', tries: 2 });
    expect(acts).toEqual(['slow', 'second try']);
  });

  it('that uses the name of an effect twice gives up instead of leaving the second out', async () => {
    await using world = await create('effect_twice');
    const ending = await endingOf(world, async (change, { effect }) => {
      await effect(change, 'mail', async () => 'to the customer');
      await effect(change, 'mail', async () => 'to the team');
    });
    expect(ending).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringContaining('EFFECT_TWICE: a handler used effect "mail" twice') as string,
    });
  });

  it('may try an effect of its own again that failed', async () => {
    await using world = await create('effect_again');
    const ending = await endingOf(world, async (change, { effect }) => {
      await effect(change, 'mail', async () => {
        throw new Error('busy');
      }).catch(() => {});
      return await effect(change, 'mail', async () => 'sent');
    });
    expect(ending).toEqual({ state: 'completed', result: 'sent', tries: 1 });
  });

  it('that names an effect by the try is told that it was made more than once', async () => {
    await using world = await create('renamed');
    const ending = await endingOf(world, async (change, { effect, attempt }) => {
      await effect(change, `mail-${attempt}`, async () => 'sent');
      if (attempt < 3) throw new Error('not yet');
      return 'done';
    });
    expect(ending).toMatchObject({ state: 'completed', tries: 3 });
    expect(warnings(world, 'effect:renamed')).toEqual([
      expect.objectContaining({ level: 'warn', made: ['mail-1', 'mail-2'], asked: ['mail-3'] }),
    ]);
  });

  it('that goes on after the effects of its earlier tries is told nothing', async () => {
    await using world = await create('not_renamed');
    await endingOf(world, async (change, { effect, attempt }) => {
      await effect(change, 'mail', async () => 'sent');
      if (attempt === 1) throw new Error('not yet');
      await effect(change, 'invoice', async () => 'written');
    });
    expect(warnings(world, 'effect:renamed')).toEqual([]);
  });

  it.each([
    ['a circle', { self: {} as unknown }],
    ['a bigint', { total: 10n }],
  ])('that returns %s fails at once, and once() leaves nothing', async (name, result) => {
    if ('self' in result) result.self = result;
    await using world = await create(`no_json_${name.replaceAll(' ', '_')}`);
    const ending = await endingOf(world, (change, { once }) =>
      once(change, async tx => {
        await tx.query('INSERT INTO booked VALUES (1)');
        return result;
      }),
    );
    expect(ending).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringMatching(/^RESULT_NOT_JSON: .*Return a few plain fields/) as string,
    });
    expect(await world.rows('SELECT id FROM booked')).toEqual([]);
  });

  it.each([
    ['null', null],
    ['an object without a prototype', Object.create(null) as unknown],
    ['an error whose message is an object', Object.assign(new Error('x'), { message: { status: 'busy' } })],
  ])('that throws %s is tried again, and the reason says so', async (name, thrown) => {
    await using world = await create(`throws_${name.replaceAll(' ', '_')}`);
    const ending = await endingOf(world, async () => {
      throw thrown;
    });
    expect(ending).toMatchObject({
      state: 'failed',
      tries: 5,
      reason: expect.stringContaining('the handler threw') as string,
    });
    expect(warnings(world, 'change:failed')).toHaveLength(1);
  });

  it.each([
    ['stack', ['at one', 'at two']],
    ['name', 42],
  ])(
    'that throws an error whose %s is no text fails with its message, and is logged',
    async (field, value) => {
      await using world = await create(`throws_odd_${field}`);
      const ending = await endingOf(world, async () => {
        throw Object.assign(giveUp('closed'), { [field]: value });
      });
      expect(ending).toMatchObject({ state: 'failed', reason: 'HANDLER_GAVE_UP: closed', tries: 1 });
      expect(warnings(world, 'change:failed')).toHaveLength(1);
    },
  );

  it('that listens to its signal again and again brings no warning, nor do many at a time', async () => {
    await using world = await WorkerWorld.create(servers, 'listeners', {
      queues: { orders: { table: 'orders', concurrency: 40 } },
    });
    const warned: string[] = [];
    const hear = ({ name }: Error) => warned.push(name);
    process.on('warning', hear);
    const all = gate();
    let running = 0;
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { signal }) => {
              for (let n = 0; n < 20; n++) signal.addEventListener('abort', () => {}, { once: true });
              running += 1;
              if (running === 20) all.open();
              await all.pass();
            },
          },
        },
      }),
    );
    const jobs = await Promise.all(
      Array.from({ length: 20 }, () =>
        world.add('orders', world.change('insert', 'orders', { after: { id: 1 } })),
      ),
    );
    for (const job of jobs) expect(await world.ending('orders', job)).toMatchObject({ state: 'completed' });
    process.off('warning', hear);
    expect(warned).toEqual([]);
  });

  it('that takes all connections loses no try by waiting for one', async () => {
    await using world = await create('connections');
    const { options } = world.pool;
    const [before, timeout] = [options.max, options.connectionTimeoutMillis];
    Object.assign(options, { max: 1, connectionTimeoutMillis: 200 });
    const ending = endingOf(world, async (change, { once, effect }) =>
      once(change, async () => {
        // Its own first, then a second: nobody else gives one back.
        await effect(change, 'mail', async () => 'sent');
        return 'booked';
      }),
    );
    await eventually(() =>
      expect(world.logged).toContainEqual(
        expect.objectContaining({
          event: 'change:postponed',
          code: 'POOL_EXHAUSTED',
          error: expect.stringContaining('WALMQ_DATABASE_CONNECTIONS') as string,
        }),
      ),
    );
    Object.assign(options, { max: before, connectionTimeoutMillis: timeout });
    expect(await ending).toMatchObject({ state: 'completed', result: 'booked', tries: 1 });
  });

  it('waits no longer between two tries than maxDelayMs', async () => {
    await using world = await WorkerWorld.create(servers, 'bounded', {
      queues: { orders: { table: 'orders', backoff: { maxDelayMs: 50 } } },
    });
    const change = world.change('insert', 'orders', { after: { id: 1 } });
    // Unbounded, the delays before the twenty-fourth try would come to four days.
    const job = await world.add('orders', change, {
      backoff: { type: 'exponential', delay: 40 },
      attempts: 30,
    });
    world.start(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: async (_, { attempt }) => {
              if (attempt < 24) throw new Error('not yet');
              return attempt;
            },
          },
        },
      }),
    );
    expect(await world.ending('orders', job)).toMatchObject({ state: 'completed', result: 24 });
  });
});
