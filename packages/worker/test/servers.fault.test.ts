import { setTimeout } from 'node:timers/promises';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

const CHANGES = 300;

describe('a worker whose servers die', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  it.each(['postgres', 'redis'] as const)('makes every effect once, though %s is killed', async name => {
    await using world = await WorkerWorld.create(servers, `killed_${name}`, {
      queues: { counted: { table: 'counted', concurrency: 8, stalledAfterMs: 1000, maxStalledCount: 1000 } },
      schema: 'CREATE TABLE made (number integer NOT NULL)',
    });
    world.start(
      defineWorker<{ counted: { number: number } }>({
        queue: 'counted',
        on: {
          counted: {
            insert: async (change, { once }) =>
              await once(change, async tx => {
                await tx.query('INSERT INTO made VALUES ($1)', [change.after.number]);
                return { made: change.after.number };
              }),
          },
        },
      }),
    );
    const numbers = Array.from({ length: CHANGES }, (_, number) => number);
    // The later half arrives while the server has been killed once already.
    const add = (slice: number[]) =>
      Promise.all(
        slice.map(number =>
          world.add('counted', world.change('insert', 'counted', { after: { number } }), {
            attempts: 10_000,
          }),
        ),
      );
    for (const half of [numbers.slice(0, CHANGES / 2), numbers.slice(CHANGES / 2)]) {
      const before = await world.countOf('counted', 'completed');
      await add(half);
      await eventually(async () => {
        expect(await world.countOf('counted', 'completed')).toBeGreaterThan(before + 10);
      });
      await servers[name].kill('SIGKILL');
      await servers[name].restart();
    }
    await eventually(async () => {
      expect(await world.countOf('counted', 'completed')).toBe(CHANGES);
    });
    const made = await world.rows<{ number: number }>('SELECT number FROM made ORDER BY number');
    expect(made.map(({ number }) => number)).toEqual(numbers);
    expect(await world.countOf('counted', 'failed')).toBe(0);
  });

  it('makes no effect outside twice, though PostgreSQL is restarted under load', async () => {
    await using world = await WorkerWorld.create(servers, 'restarted', {
      queues: { counted: { table: 'counted', concurrency: 20 } },
    });
    const acts = new Map<string, number>();
    world.start(
      defineWorker({
        queue: 'counted',
        on: {
          counted: {
            insert: (change, { effect }) =>
              effect(change, 'mail', async () => {
                acts.set(change.id, (acts.get(change.id) ?? 0) + 1);
                // The server goes away while most are about here.
                await setTimeout(20);
              }),
          },
        },
      }),
    );
    for (let restart = 1; restart <= 3; restart++) {
      const adding = Promise.all(
        Array.from({ length: CHANGES }, (_, number) =>
          world.add('counted', world.change('insert', 'counted', { after: { number } }), {
            attempts: 10_000,
          }),
        ),
      );
      const before = acts.size;
      await eventually(() => expect(acts.size).toBeGreaterThan(before + 20));
      await servers.postgres.restart();
      await adding;
      await eventually(async () =>
        expect(await world.countOf('counted', 'completed')).toBe(restart * CHANGES),
      );
    }
    expect([...acts.values()].filter(count => count !== 1)).toEqual([]);
    expect(acts.size).toBe(3 * CHANGES);
  });
});
