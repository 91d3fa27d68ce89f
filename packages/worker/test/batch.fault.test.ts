import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { effectIdentity } from '../src/effects/effect.js';
import { KitProcesses } from './kit-process-fixture.js';
import type { WorkerWorld } from './worker-fixture.js';

const ROWS = 8;
const STEPS = 2;
const CHANGES = 400;
const KEYS = 25;
const KILLS = 2;

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

  it.each(['worker', 'postgres', 'redis'] as const)(
    'make every effect once, in order per key, though %s is killed again and again',
    async name => {
      await using processes = await KitProcesses.create(
        servers,
        `batch_killed_${name}`,
        {},
        'batch-program-fixture.mjs',
      );
      const { world } = processes;
      await Promise.all(
        Array.from({ length: KEYS }, (_, row) => processes.addSteps(row + 1, CHANGES / KEYS, 10_000)),
      );
      const { port } = outside.address() as AddressInfo;
      const env = { OUTSIDE_URL: `http://127.0.0.1:${port}` };
      let killable = await processes.start(env);
      await processes.start(env);
      for (let kill = 1; kill <= KILLS; kill++) {
        await eventually(async () => {
          expect(await madeCount(world)).toBeGreaterThan((kill * CHANGES) / (KILLS + 2));
        });
        if (name === 'worker') {
          await killable.end('SIGKILL');
          killable = await processes.start(env);
        } else {
          await servers[name].kill('SIGKILL');
          await servers[name].restart();
        }
      }
      await processes.completed(CHANGES);
      const steps = Array.from({ length: CHANGES / KEYS }, (_, step) => step + 1);
      for (let row = 1; row <= KEYS; row++) expect(await processes.made(row)).toEqual(steps);
      expect(await world.countOf('steps', 'failed')).toBe(0);
      expect(await world.rows("SELECT FROM walmq.effects WHERE state <> 'done'")).toEqual([]);
    },
  );
});

async function madeCount(world: WorkerWorld): Promise<number> {
  const [row] = await world.rows<{ count: number }>('SELECT count(*)::integer AS count FROM made');
  return row?.count ?? 0;
}
