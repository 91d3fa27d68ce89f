import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { effectIdentity } from '../src/effects/effect.js';
import { KitProcesses } from './kit-process-fixture.js';

describe('a worker killed (SIGKILL) between two steps of a change', () => {
  let servers: Servers;
  /** What an outside system has been told, by the identity it was told with. */
  let told: { key: unknown; messageId: unknown }[];
  const outside = createServer((request, response) => {
    told.push({ key: request.headers['idempotency-key'], messageId: request.headers['message-id'] });
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
    ['once has begun its transaction, with the row of the inbox', 'BEGIN', { told: 1, tries: 1 }],
    ['the effect in PostgreSQL', 'INSERT INTO made', { told: 1, tries: 1 }],
    ['the result in the inbox and the commit', 'UPDATE walmq.inbox', { told: 1, tries: 1 }],
    ['the outside effect is intended', 'INSERT INTO walmq.effects', { told: 1, tries: 2 }],
    // The one gap that nothing closes: done outside, not yet recorded. Once more, under the same identity.
    ['the outside effect is made', 'act', { told: 2, tries: 2 }],
    [
      'the outside effect is recorded, before the completion of the job',
      'UPDATE walmq.effects',
      { told: 1, tries: 1 },
    ],
  ])('after %s', async (_, step, expected) => {
    const name = `crash_${step.toLowerCase().replaceAll(/\W/g, '_')}`;
    await using processes = await KitProcesses.create(servers, name);
    const { world } = processes;
    const { port } = outside.address() as AddressInfo;
    const env = { OUTSIDE_URL: `http://127.0.0.1:${port}` };
    const [changeId] = await processes.addSteps(1, 1);
    const killed = processes.launch({ ...env, KILL_AFTER: step });
    // A step that is never taken shows at once, and not as a process that is waited for.
    const survived = processes.completed(1).then(() => 'completed');
    expect(await Promise.race([killed.ended, survived])).toBe('SIGKILL');

    const other = await processes.start(env);
    await processes.completed(1);
    const metrics = await fetch(`${await other.url()}/metrics`);
    expect(await metrics.text()).toContain('walmq_worker_stalled_total{queue="steps"} 1');
    expect(await processes.made(1)).toEqual([1]);
    const identity = effectIdentity({ queue: 'steps', changeId: changeId as string, name: 'told' });
    const { idempotencyKey: key, messageId } = identity;
    expect(told).toEqual(Array.from({ length: expected.told }, () => ({ key, messageId })));
    expect(await world.rows('SELECT change_id FROM walmq.inbox')).toEqual([{ change_id: changeId }]);
    expect(await world.rows('SELECT state, attempts FROM walmq.effects')).toEqual([
      { state: 'done', attempts: expected.tries },
    ]);
  });

  // The first call takes the first step. Each other one completes a step and takes its successor, or finds nothing.
  it.each(['before 2', 'before 3', 'before 4', 'after 1', 'after 2', 'after 3', 'after 4'])(
    'around a call that moves jobs (%s): each step is made once, in order',
    async instant => {
      const STEPS = 4;
      await using processes = await KitProcesses.create(servers, `crash_move_${instant.replace(' ', '_')}`);
      const { world } = processes;
      await processes.addSteps(1, STEPS);
      const killed = processes.launch({ KILL_AT_MOVE: instant });
      const survived = processes.completed(STEPS).then(() => 'completed');
      expect(await Promise.race([killed.ended, survived])).toBe('SIGKILL');

      await processes.start();
      await processes.completed(STEPS);
      expect(await processes.made(1)).toEqual([1, 2, 3, 4]);
      expect(await world.rows('SELECT FROM walmq.inbox')).toHaveLength(STEPS);
      const events = await world.redis.xrange(`${world.prefix}:steps:events`, '-', '+');
      const completions = events
        .filter(([, fields]) => fields[1] === 'completed')
        .map(([, fields]) => fields[3]);
      expect(completions).toHaveLength(STEPS);
      expect(new Set(completions).size).toBe(STEPS);
    },
  );
});
