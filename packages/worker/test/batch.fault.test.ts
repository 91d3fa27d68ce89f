import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { effectIdentity } from '../src/effects/effect.js';
import { KitProcesses } from './kit-process-fixture.js';
import { WorkerWorld } from './worker-fixture.js';

const ROWS = 8;
const STEPS = 2;
const CHANGES = 400;

describe('batches of a worker', () => {
  let servers: Servers;
  /** The keys of the effects that an outside system has been asked for, in their order. */
  let told: string[];
  const outside = createServer(async (request, response) => {
    told.push(...(JSON.parse(await text(request)) as string[]));
    response.end();
  });
  beforeAll(async () => {
    servers = await startServers();
    await once(outside.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(() => {
    told = [];
  });
  afterAll(async () => {
    await Promise.all([once(outside.close(), 'close'), stopServers(servers)]);
  });

  it.each([
    ['once has begun its transaction', 'BEGIN', 1],
    ['the rows of the inbox', 'INSERT INTO walmq.inbox', 1],
    ['the effects in PostgreSQL', 'INSERT INTO made', 1],
    ['the results in the inbox, before the commit', 'UPDATE walmq.inbox', 1],
    ['the commit', 'COMMIT', 1],
    ['the outside effects are intended', 'INSERT INTO walmq.effects', 1],
    // The one gap that nothing closes: done outside, not yet recorded. Once more, under the same identities.
    ['the outside effects are made', 'act', 2],
    ['the outside effects are recorded, before the completion of the jobs', 'UPDATE walmq.effects', 1],
  ])('killed (SIGKILL) after %s make every effect once, in order', async (_, step, timesTold) => {
    const name = `batch_${step.toLowerCase().replaceAll(/\W/g, '_')}`;
    await using processes = await KitProcesses.create(servers, name, {}, 'batch-program-fixture.mjs');
    const { port } = outside.address() as AddressInfo;
    const env = { OUTSIDE_URL: `http://127.0.0.1:${port}` };
    const ids = await Promise.all(
      Array.from({ length: ROWS }, (_row, row) => processes.addSteps(row + 1, STEPS)),
    );
    const killed = processes.launch({ ...env, KILL_AFTER: step });
    const survived = processes.completed(ROWS * STEPS).then(() => 'completed');
    expect(await Promise.race([killed.ended, survived])).toBe('SIGKILL');

    await processes.start(env);
    await processes.completed(ROWS * STEPS);
    for (let row = 1; row <= ROWS; row++) expect(await processes.made(row)).toEqual([1, 2]);
    const keyOf = (changeId: string) =>
      effectIdentity({ queue: 'steps', changeId, name: 'told' }).idempotencyKey;
    const times = (changeId: string) => told.filter(key => key === keyOf(changeId)).length;
    // At least one change was in the batch that ended with its process: none was twice in such a batch.
    const timesOf = ids.flat().map(times);
    expect(Math.max(...timesOf)).toBe(timesTold);
    expect(Math.min(...timesOf)).toBe(1);
    expect(await processes.world.rows("SELECT FROM walmq.effects WHERE state <> 'done'")).toEqual([]);
  });

  it.each(['postgres', 'redis'] as const)(
    'make every effect once, though %s is killed under load',
    async name => {
      await using world = await WorkerWorld.create(servers, `batch_killed_${name}`, {
        queues: { counted: { table: 'counted', stalledAfterMs: 1000, maxStalledCount: 1000 } },
        schema: `CREATE TABLE made (at bigint GENERATED ALWAYS AS IDENTITY, row integer NOT NULL, number integer NOT NULL)`,
      });
      world.start(
        defineWorker<{ counted: { row: number; number: number } }>({
          queue: 'counted',
          batch: { size: 10, waitMs: 5 },
          onBatch: (changes, { once: make }) =>
            make(changes, async (tx, due) => {
              for (const { after } of due)
                await tx.query('INSERT INTO made (row, number) VALUES ($1, $2)', [after?.row, after?.number]);
              return due.map(({ after }) => ({ made: after?.number }));
            }),
        }),
      );
      const numbers = Array.from({ length: CHANGES }, (_, number) => number);
      for (const half of [numbers.slice(0, CHANGES / 2), numbers.slice(CHANGES / 2)]) {
        const before = await world.countOf('counted', 'completed');
        await Promise.all(
          half.map(number =>
            world.add('counted', world.change('insert', 'counted', { after: { row: number % 50, number } }), {
              attempts: 10_000,
            }),
          ),
        );
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
    },
  );
});
