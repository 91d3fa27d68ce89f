import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cure, type Done, insist } from '../faults/perform.js';
import { shareOf } from '../plan/random.js';
import { CURE_GROUPS } from '../work/fate.js';
import { untilStill } from './quiesce.js';
import type { World } from './world.js';

/** A job that was discarded, as the file of `walmq discard` has it. */
export interface Discarded {
  readonly queue: string;
  readonly id: string;
  readonly data: string;
}

const MAX_TURNS = 20;

/** Discards some of the changes that have failed for good, and replays the others, until no change is failed. */
export async function settleFailures(world: World, done: Done): Promise<Discarded[]> {
  while (done.cured < CURE_GROUPS) await cure(world, done);
  const discarded: Discarded[] = [];
  for (let turn = 1; (await untilStill(world)) > 0; turn++) {
    if (turn > MAX_TURNS) throw new Error(`changes fail again after ${MAX_TURNS} replays`);
    discarded.push(...(await discardSome(world, turn)));
    await insist(world, ['replay', '--all']);
  }
  return discarded;
}

async function discardSome(world: World, turn: number): Promise<Discarded[]> {
  const { round, config, client, folder } = world;
  const ids: string[] = [];
  for (const [queue, { prefix }] of Object.entries(config.queues))
    for (const id of await client.redis.zrange(`${prefix}:${queue}:failed`, '0', '-1'))
      if (shareOf(`${round.seed}/discard/${queue}/${id}`) < round.failures.discard) ids.push(id);
  if (ids.length === 0) return [];
  const file = join(folder, `discarded-${turn}.jsonl`);
  await insist(world, ['discard', ...ids.flatMap(id => ['--id', id]), '--to', file, '--yes']);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map(line => {
    const { queue, id, data } = JSON.parse(line);
    return { queue, id, data: typeof data === 'string' ? data : JSON.stringify(data) };
  });
}
