import { join } from 'node:path';
import {
  type AppProcess,
  type Servers,
  startProgram,
  startServers,
  stopServers,
  writeConfig,
} from '@walmq/testing';
import type { Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerWorld } from './worker-fixture.js';

const PROGRAM = join(import.meta.dirname, 'culprit-program-fixture.mjs');
const CROWD = 9;
const CULPRIT = 4;

describe('a change that ends its process each time', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('fails alone, and says why; those that were active with it are processed', async () => {
    const queues = { steps: { table: 'steps', concurrency: 10, stalledAfterMs: 1000, maxStalledCount: 2 } };
    await using world = await WorkerWorld.create(servers, 'culprit', {
      queues,
      schema: 'CREATE TABLE begun (pid integer, row integer)',
    });
    const env = {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      CULPRIT: String(CULPRIT),
      CROWD: String(CROWD),
      NODE_OPTIONS: '--max-old-space-size=64',
      WALMQ_CONFIG: await writeConfig({ redis: { prefix: world.prefix }, queues }),
    };
    const jobs: Job[] = [];
    for (let row = 1; row <= CROWD; row++)
      jobs.push(await world.add('steps', world.change('insert', 'steps', { after: { row } })));
    let isOver = false;
    let ends = 0;
    let last: AppProcess | undefined;
    // As a process manager does it.
    const kept = (async () => {
      while (!isOver) {
        last = startProgram(PROGRAM, env);
        await last.ended;
        ends += 1;
      }
    })();
    const ended = async () =>
      (await world.countOf('steps', 'completed')) + (await world.countOf('steps', 'failed'));
    await expect
      .poll(ended, { timeout: 200_000 })
      .toBe(CROWD)
      .finally(() => {
        isOver = true;
      });
    const endings = await Promise.all(jobs.map(job => world.ending('steps', job)));
    expect(await last?.end('SIGTERM')).toBe('exit 0');
    await kept;

    const failed = endings.filter(({ state }) => state === 'failed');
    expect(failed).toEqual([
      expect.objectContaining({
        reason: expect.stringMatching(
          /^HANDLER_STALLED: more than 2 times a worker ended .*out of memory.*retry the change/,
        ),
      }),
    ]);
    expect(endings[CULPRIT - 1]).toBe(failed[0]);
    // With the others, and as often as it may alone; and the one that was told to end.
    expect(ends).toBe(4);
  });
});
