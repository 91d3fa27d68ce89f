import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, type MoveReply, Moves } from '../src/moves/move-call.js';
import { LOCK_MS, MovesSide } from './moves-contract-fixture.js';

/** What a handler's success leaves. */
const RESULT = { returnValue: '1', keepJobs: { count: -1 }, attemptsMade: 0, isDeduplicated: false };

/** Redis keeps what a script wrote before a command failed: each of these calls fails at one command after the other. */
describe('a call that fails midway', () => {
  let server: EmbeddedRedis;
  let redis: Redis;
  let worlds = 0;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  /** A Redis whose script fails at its n-th command. */
  function failingAt(n: number) {
    let hasFailed = false;
    const injected = `
      local real, calls = redis, 0
      local injectedCall = function(...)
        calls = calls + 1
        if calls == ${n} then
          real.call("SET", "injected", ${n})
          error({err = "ERR injected"}, 0)
        end
        return real.call(...)
      end
      local redis = {call = injectedCall}`;
    return {
      call: async (command: string, script: string, ...args: string[]) => {
        if (command === 'EVALSHA') throw Object.assign(new Error('NOSCRIPT'), { name: 'ReplyError' });
        try {
          return await redis.call(command, `${injected}\n${script}`, ...args);
        } finally {
          hasFailed = (await redis.getdel('injected')) !== null;
        }
      },
      hasFailed: () => hasFailed,
    };
  }

  it.each([
    ['one job', 1, 2, false],
    ['many jobs', 8, 4, false],
    ['one job and its successor', 1, 1, true],
    ['many jobs and their successors', 3, 3, true],
  ])('with %s loses none, and completes none twice', async (_name, count, take, inOrder) => {
    for (let n = 1; ; n++) {
      await redis.flushall('SYNC');
      const prefix = `midway-${worlds++}`;
      await using side = new MovesSide(server.url, prefix, {});
      const plain = Array.from({ length: count }, (_, k) => `j${k}`);
      const later = Array.from({ length: take }, (_, k) => `l${k}`);
      if (inOrder)
        for (const [index, id] of plain.entries()) await side.addChain([later[index] as string, id]);
      else await side.add([...plain, ...later]);
      await side.take(count);
      const finished = side.held.map(({ id, token }): Finished => ({ id, token, ...RESULT }));
      const failing = failingAt(n);
      const options = { lockDuration: LOCK_MS, events: true };
      const base = `${prefix}:orders:`;
      const call = { finished, take, spare: 0, token: 'first', timestamp: Date.now() };
      const reply = await new Moves(failing as never, base, options)
        .move(call)
        .catch((error: unknown) => error as Error);
      if (!failing.hasFailed()) {
        expect(n).toBeGreaterThan(20);
        break;
      }
      const at = `after command ${n} failed`;
      expect(await misplaced(side.queue, [...plain, ...later]), at).toEqual([]);
      if (!(reply instanceof Error)) await expectTrue(side.queue, finished, reply, at);

      // What the check for stalled jobs does once the locks have expired.
      const locks = await redis.keys(`${base}*:lock`);
      if (locks.length > 0) await redis.del(...locks);
      for (const id of await redis.lrange(`${base}active`, 0, -1)) {
        await redis.lrem(`${base}active`, 0, id);
        await redis.rpush(`${base}wait`, id);
      }
      const moves = new Moves(redis, base, options);
      let held: Finished[] = [];
      for (let turn = 0; turn < plain.length + later.length + 1; turn++) {
        const { taken, refusals } = await moves.move({
          finished: held,
          take: 3,
          spare: 0,
          token: `again ${turn}`,
          timestamp: Date.now(),
        });
        expect(refusals, at).toEqual(held.map(() => undefined));
        held = taken.map(({ id, token }) => ({ id, token, ...RESULT }));
      }
      expect((await redis.zrange(`${base}completed`, '0', '-1')).sort(), at).toEqual(
        [...plain, ...later].sort(),
      );
      expect(await redis.llen(`${base}active`), at).toBe(0);
    }
  });

  /** Jobs that are in no place, or in two. */
  async function misplaced(queue: Queue, ids: readonly string[]): Promise<string[]> {
    const lists = await Promise.all(
      (['active', 'waiting', 'waiting-children', 'completed'] as const).map(state => queue.getJobs([state])),
    );
    const found = lists.flat().map(job => job.id as string);
    return ids.filter(id => found.filter(each => each === id).length !== 1);
  }

  /** The reply says of each job what Redis holds. */
  async function expectTrue(queue: Queue, finished: readonly Finished[], reply: MoveReply, at: string) {
    const completed = (await queue.getCompleted()).map(({ id }) => id);
    for (const [index, { id }] of finished.entries())
      expect(completed.includes(id), at).toBe(reply.refusals[index] === undefined);
    const active = (await queue.getActive()).map(({ id }) => id);
    for (const { id } of reply.taken) expect(active, at).toContain(id);
  }
});
