import type { Change } from '@walmq/change';
import { expect } from 'vitest';
import type { CaptureWorld } from './capture-fixture.js';
import { committedTokens, tokenOf } from './load-fixture.js';

/** For tests: what the loads have committed, against what the queue `things` was given. No worker may have run. */
export async function expectAllOnce(world: CaptureWorld, queue = 'things'): Promise<void> {
  const committed = await committedTokens(world.client);
  const changes = await world.changes(queue);
  const tokens = changes.filter(change => change.op !== 'delete').map(tokenOf);
  expect(tokens.length).toBeGreaterThan(100);
  expect([...tokens].sort((a, b) => a - b)).toEqual(committed);
  await expectOrderPerKey(world, queue, changes);
}

/** As added to the queue: per key, in the order of the stream; each id added once. */
async function expectOrderPerKey(
  world: CaptureWorld,
  queue: string,
  changes: readonly Change[],
): Promise<void> {
  const prefix = `${world.config.queues[queue]?.prefix}:${queue}`;
  const events = await world.redis.xrange(`${prefix}:events`, '-', '+');
  const added = events.flatMap(([, fields]) => (fields[1] === 'added' ? [fields[3] as string] : []));
  expect(new Set(added).size).toBe(added.length);
  const waiting = await world.redis.lrange(`${prefix}:wait`, 0, -1);
  const keys = new Set(changes.map(change => JSON.stringify(change.key)));
  // One change of each key may run; every other one waits for the one before it.
  expect(waiting.length).toBe(keys.size);
  expect(await world.redis.zcard(`${prefix}:waiting-children`)).toBe(changes.length - keys.size);
  const jobs = await world.jobKeys(queue);
  const pipeline = world.redis.pipeline();
  for (const change of changes) pipeline.smembers(`${jobs.get(change.id)}:dependencies`);
  const waitsFor = ((await pipeline.exec()) ?? []).map(([, members]) => members);
  const last = new Map<string, string>();
  const expected = changes.map(change => {
    const name = JSON.stringify(change.key);
    const before = last.get(name);
    last.set(name, jobs.get(change.id) as string);
    return before === undefined ? [] : [before];
  });
  expect(waitsFor).toEqual(expected);
}
