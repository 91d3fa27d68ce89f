import type { Change } from '@walmq/change';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerWorld } from './worker-fixture.js';

interface Step {
  readonly row: number;
  readonly step: number;
}

const STEPS = [1, 2, 3, 4, 5];

describe("BullMQ's own Worker, without the kit", () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('processes the changes of a row in order, through retries, while other rows flow', async () => {
    await using world = await WorkerWorld.create(servers, 'plain', { queues: { steps: { table: 'steps' } } });
    const done: Step[] = [];
    const worker = new Worker<Change<Step>>(
      'steps',
      async job => {
        const { row, step } = job.data.after as Step;
        if (row === 1 && step === 2 && job.attemptsMade < 3) throw new Error('passing');
        done.push({ row, step });
        return { action: job.name, id: job.data.id };
      },
      { connection: world.redis, prefix: world.prefix, concurrency: 20 },
    );
    const rows = [1, 2, 3];
    const jobs = await Promise.all(
      rows.map(row =>
        world.addInOrder(
          'steps',
          STEPS.map(step => world.change('insert', 'steps', { after: { row, step } })),
        ),
      ),
    );
    await eventually(async () =>
      expect(await world.countOf('steps', 'completed')).toBe(rows.length * STEPS.length),
    );
    await worker.close();
    for (const row of rows)
      expect(done.filter(each => each.row === row).map(({ step }) => step)).toEqual(STEPS);
    const [first] = jobs.flat();
    expect(await world.ending('steps', first!)).toEqual({
      state: 'completed',
      tries: 1,
      result: { action: 'insert', id: first!.id },
    });
  });
});
