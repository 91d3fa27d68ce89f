import { formatPosition } from '@walmq/change';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../src/enqueue/batch.js';
import { BatchWriter } from '../src/enqueue/write-batch.js';
import type { Job } from '../src/job.js';
import { storedOptions } from '../src/job-options.js';
import { connectProducer } from '../src/redis/producer.js';
import { FIRST_POSITION, testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

const QUEUES = testQueues({ orders: { table: 'orders' }, emails: { messages: true } });
const WITH_OPTIONS: [number, Parameters<typeof storedOptions>[0]][] = [
  [7, { delay: 3_600_000 }],
  [8, { priority: 7 }],
  [9, { deduplication: { id: 'daily' } }],
  [10, { deduplication: { id: 'hourly', ttl: 3_600_000 } }],
  [11, { deduplication: { id: 'hourly', ttl: 3_600_000 } }],
];

/** Redis keeps what a script wrote before it failed: each of these batches fails at one command after the other. */
describe('a batch that fails midway', () => {
  let server: EmbeddedRedis;
  let redis: Redis;
  let worlds = 0;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  /** Redis with the jobs 1 and 2 in it, and a batch of everything that a batch can hold: some of it waits for those. */
  async function prepare() {
    const prefix = `midway-${worlds++}`;
    const checkpointKey = `${prefix}:walmq:checkpoint:test`;
    const queues = QUEUES.map(queue => ({ ...queue, prefix }));
    const writer = new BatchWriter({ checkpointKey, queues, shard: 0 });
    const [start, follows, ends] = [0, 2, 26].map(seq =>
      formatPosition({ lsn: FIRST_POSITION.lsn, seq }),
    ) as [string, string, string];
    await redis.flushall('SYNC');
    await redis.hset(checkpointKey, 'position', start);
    await writer.write(
      { jobs: [testJob(1, ['a']), testJob(2, ['b'])], follows: start, ends: follows },
      redis,
    );
    const jobs: Job[] = [
      testJob(3),
      testJob(4, ['a']),
      testJob(5, ['a', 'b']),
      testJob(6, ['new', 'b']),
      ...WITH_OPTIONS.map(([n, options]) => ({ ...testJob(n, [], 1), options: storedOptions(options) })),
      testJob(12, ['c'], 1),
      // Enough for a rehearsal of BullMQ's commands: jobs that are ready, and jobs behind them.
      ...Array.from({ length: 14 }, (_, index) => testJob(13 + index, [`key ${index % 6}`])),
    ];
    const batch: Batch = { jobs, follows, ends };
    return { prefix, batch, writer, checkpointKey };
  }

  /** A Redis whose script fails at its n-th command; with `alsoUndoing` at all from there on, so that nothing is undone. */
  function failingAt(n: number, alsoUndoing: boolean): Redis {
    const injected = `
      local real, calls = redis, 0
      local function fails() return calls ${alsoUndoing ? '>=' : '=='} ${n} end
      local redis = {
        call = function(...)
          calls = calls + 1
          if fails() then error({err = "ERR injected"}) end
          return real.call(...)
        end,
        pcall = function(...)
          if ${alsoUndoing} and fails() then return {err = "ERR injected too"} end
          return real.pcall(...)
        end,
      }`;
    const call = async (command: string, script: string, ...args: string[]) => {
      if (command === 'EVALSHA') throw Object.assign(new Error('NOSCRIPT'), { name: 'ReplyError' });
      return await redis.call(command, `${injected}\n${script}`, ...args);
    };
    return { call, type: (key: string) => redis.type(key) } as unknown as Redis;
  }

  it('at any command is undone: Redis is as before, and the batch goes in whole when it is sent again', async () => {
    const reference = await prepare();
    await reference.writer.write(reference.batch, redis);
    const wanted = await stateOf(reference.prefix);
    for (let n = 1; ; n++) {
      const { prefix, batch, writer } = await prepare();
      const before = await stateOf(prefix);
      const failure = await writer.write(batch, failingAt(n, false)).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (n === 1) {
        // The checkpoint's own: it is read before anything is tried.
        expect(failure).toMatchObject({ name: 'ReplyError' });
        continue;
      }
      if (!failure) {
        expect(n).toBeGreaterThan(100);
        break;
      }
      expect(failure).toMatchObject({
        code: 'ENQUEUE_REFUSED',
        message: expect.stringMatching(/injected.* Nothing of the batch is in Redis\./),
      });
      expect(await stateOf(prefix), `after command ${n} failed`).toEqual(before);
      await writer.write(batch, redis);
      expect(await stateOf(prefix), `sent again after command ${n} failed`).toEqual(wanted);
    }
  });

  it('and cannot be undone is completed when it is sent again: no job is taken for a duplicate of itself', async () => {
    const reference = await prepare();
    await reference.writer.write(reference.batch, redis);
    const wanted = { ...(await stateOf(reference.prefix)), events: null };
    for (let n = 2; ; n++) {
      const { prefix, batch, writer } = await prepare();
      const failure = await writer.write(batch, failingAt(n, true)).then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failure) break;
      expect(failure).toMatchObject({ code: 'ENQUEUE_REFUSED' });
      await writer.write(batch, redis);
      const state = { ...(await stateOf(prefix)), events: null };
      expect(state, `sent again after command ${n} failed`).toEqual(wanted);
    }
  });

  it.each([
    'wait',
    'meta',
    'id',
    'events',
    'marker',
    'delayed',
    'prioritized',
    'pc',
    'completed',
    'waiting-children',
    'walmq:last',
    'walmq:ring',
  ])('by a key of another type (%s) is refused by its name, and goes in once that is gone', async end => {
    const { prefix, batch, checkpointKey } = await prepare();
    const jobs = [...batch.jobs.filter(({ queue }) => queue === 0), ...batch.jobs.filter(j => j.queue === 1)];
    // Behind all others, so that much is written before it.
    const parked = [testJob(27, ['c'], 1), testJob(28, ['d'], 1)];
    const key = `${prefix}:emails:${end}`;
    await (end === 'id' || end === 'pc' ? redis.sadd(key, 'x') : redis.set(key, 'x'));
    const before = await stateOf(prefix);
    const enqueueAll = async () => {
      await using world = await testEnqueuer(server.url, prefix, { queues: QUEUES, checkpointKey });
      for (const job of [...jobs, ...parked]) await world.enqueuer.add([job], job.id.replace('-test', ''));
      await world.enqueuer.drain();
    };
    await expect(enqueueAll()).rejects.toMatchObject({
      code: 'ENQUEUE_REFUSED',
      message: expect.stringContaining(`its key ${key} is a`),
    });
    expect(await stateOf(prefix)).toEqual(before);
    await redis.del(key);
    await enqueueAll();
    expect((await stateOf(prefix)).jobs).toHaveLength(27);
  });

  it.each(['xadd', 'hmset', 'lpush', 'zadd', 'sadd', 'incrby', 'rpush', 'hset', 'set', 'lpop'])(
    'as its user may not call %s writes nothing, and goes in once it may',
    async command => {
      const { prefix, batch, writer } = await prepare();
      const before = await stateOf(prefix);
      await redis.call('ACL', 'SETUSER', 'producer', 'on', '>secret', '~*', '&*', '+@all', `-${command}`);
      const url = new URL(server.url);
      [url.username, url.password] = ['producer', 'secret'];
      const producer = await connectProducer(url.href);
      await expect(writer.write(batch, producer)).rejects.toMatchObject({ code: 'ENQUEUE_REFUSED' });
      expect(await stateOf(prefix)).toEqual(before);
      await redis.call('ACL', 'SETUSER', 'producer', '+@all');
      await writer.write(batch, producer);
      producer.disconnect();
      expect((await stateOf(prefix)).jobs).toHaveLength(25);
    },
  );

  it('names the queue, the table and the change whose options cannot be read, before it writes anything', async () => {
    const { prefix, batch, writer } = await prepare();
    const before = await stateOf(prefix);
    const data = JSON.stringify({ op: 'message', schema: 'walmq', table: 'event' });
    const wrong = { ...testJob(27, [], 1), data, options: '{"de":{"id":"\\ud83d"}}' };
    await expect(writer.write({ ...batch, jobs: [...batch.jobs, wrong] }, redis)).rejects.toMatchObject({
      code: 'ENQUEUE_REFUSED',
      message: expect.stringContaining(`change ${wrong.id} (message of walmq.event) for queue "emails"`),
      facts: { queue: 'emails', job: wrong.id },
    });
    expect(await stateOf(prefix)).toEqual(before);
  });

  it('is not sent at all where a part of a job is no text, which would become arguments of their own', async () => {
    const { prefix, batch, writer } = await prepare();
    const before = await stateOf(prefix);
    const wrong = { ...testJob(27), name: ['insert', '{}'] as unknown as string };
    await expect(writer.write({ ...batch, jobs: [wrong] }, redis)).rejects.toMatchObject({
      code: 'JOB_NOT_TEXT',
    });
    expect(await stateOf(prefix)).toEqual(before);
  });

  /** Where every job stands, what it waits for, and what orders the next ones; counters and times left out. */
  async function stateOf(prefix: string) {
    const keys = (await redis.keys(`${prefix}:*`)).sort();
    const jobKeys = keys.filter(key => key.endsWith('-test'));
    const relative = (text: string) => text.replaceAll(prefix, 'P');
    const read = async (kind: RegExp, act: (key: string) => Promise<unknown>) =>
      Object.fromEntries(
        await Promise.all(
          keys.filter(key => kind.test(key)).map(async key => [relative(key), await act(key)] as const),
        ),
      );
    const unlessOfAnotherType = <T>(reply: Promise<T>) => reply.catch(() => 'of another type');
    return {
      checkpoint: await redis.hget(`${prefix}:walmq:checkpoint:test`, 'position'),
      jobs: await Promise.all(
        jobKeys.map(async key => {
          const { timestamp, ...job } = await redis.hgetall(key);
          return [relative(key), JSON.parse(relative(JSON.stringify(job)))] as const;
        }),
      ),
      lists: await read(/:(wait|paused|active)$/, key => unlessOfAnotherType(redis.lrange(key, 0, -1))),
      sets: await read(/:(delayed|prioritized|waiting-children)$/, key =>
        unlessOfAnotherType(redis.zrange(key, '0', '-1').then(ids => ids.sort())),
      ),
      waitsFor: await read(/:dependencies$/, async key => (await redis.smembers(key)).map(relative).sort()),
      last: await read(/:walmq:last$/, key => unlessOfAnotherType(redis.hgetall(key))),
      deduplicated: await read(/:de:/, key => redis.get(key)),
      events: Object.values(
        await read(/:events$/, key => unlessOfAnotherType(redis.xrange(key, '-', '+').then(entriesOf))),
      ).flat(),
    };
  }
});

function entriesOf(entries: [string, string[]][]): string[] {
  return (
    entries
      .map(([, fields]) => fields.join(' ').replace(/\b\d{13}$/, 'TIME'))
      // BullMQ's note on a job that has got a parent; nobody waits for it.
      .filter(event => !event.startsWith('event duplicated'))
  );
}
