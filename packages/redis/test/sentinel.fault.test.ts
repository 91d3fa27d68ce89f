import { eventually, SentinelSet } from '@walmq/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectOnce } from '../src/connect-once.js';
import { keepConnected } from '../src/keep-connected.js';

/** Long: a connection to a server that hangs has to be left for another reason. */
const OPTIONS = { name: 'test', deadlineMs: 60_000 };

describe('Redis behind sentinels', () => {
  let set: SentinelSet;
  beforeAll(async () => {
    set = await SentinelSet.start();
  });
  afterAll(() => set.stop());

  const refusal = (url: string) =>
    connectOnce(url, OPTIONS).then(
      redis => redis.disconnect(),
      (error: unknown) => error,
    );

  it.each([
    [
      'an unknown name',
      () => set.url.replace('mymaster', 'other'),
      'REDIS_PRIMARY_UNKNOWN',
      /no primary of the name "other"/,
    ],
    [
      'a wrong password of the sentinels',
      () => `${set.url}x`,
      'REDIS_DENIED',
      /sentinel 127.0.0.1:\d+ refuses/,
    ],
    [
      'no password of the sentinels',
      () => set.url.replace(/\?.*/, ''),
      'REDIS_DENIED',
      /sentinel .* refuses/,
    ],
    [
      'a wrong password of the nodes',
      () => set.url.replace('://:', '://:x'),
      'REDIS_DENIED',
      /user and password\.$/,
    ],
    [
      'the ports of the nodes',
      () =>
        `redis+sentinel://127.0.0.1:${set.nodes[0]?.port}/mymaster?sentinelPassword=${new URL(set.nodes[0]?.url as string).password}`,
      'REDIS_PRIMARY_UNKNOWN',
      /is a Redis server, not a sentinel/,
    ],
    [
      'no sentinel at all',
      () => 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster',
      'REDIS_UNREACHABLE',
      /no Redis sentinel names a primary: 127.0.0.1:\d \(connect ECONNREFUSED 127.0.0.1:\d\), /,
    ],
  ])('%s: one sentence with a remedy', async (_what, url, code, message) => {
    expect(await refusal(url())).toMatchObject({
      code,
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });

  it('a primary that hangs is left when the sentinels promote a replica, also by a duplicate, and never written again', async () => {
    const [hung] = set.nodes;
    const faults: Error[] = [];
    const kept = keepConnected({
      url: set.url,
      ...OPTIONS,
      prefix: 'test',
      log: pino({ enabled: false }),
      onFault: error => faults.push(error),
    });
    const producer = await connectOnce(set.url, OPTIONS);
    const duplicate = kept.redis.duplicate();
    duplicate.on('error', () => undefined);
    try {
      await kept.usable;
      await duplicate.set('test:before', '1');
      process.kill(hung?.pid as number, 'SIGSTOP');
      const promoted = await set.untilPromoted(hung as (typeof set.nodes)[number]);
      await eventually(() => expect(producer.status).toBe('end'));
      await kept.redis.set('test:kept', '1');
      await duplicate.set('test:duplicate', '1');
      const again = await connectOnce(set.url, OPTIONS);
      expect(again.stream.remotePort).toBe(promoted.port);
      expect(await again.exists('test:before', 'test:kept', 'test:duplicate')).toBe(3);
      again.disconnect();
      expect(faults).toEqual([]);
      await eventually(async () => expect(await kept.check()).toBeUndefined());
    } finally {
      process.kill(hung?.pid as number, 'SIGCONT');
      for (const redis of [producer, duplicate]) redis.disconnect();
      kept.close();
    }
  });

  it('one sentinel is enough', async () => {
    await Promise.all(set.sentinels.slice(0, 2).map(sentinel => sentinel.kill('SIGKILL')));
    const redis = await connectOnce(set.url, OPTIONS);
    expect(await redis.set('test:last', '1')).toBe('OK');
    redis.disconnect();
  });
});
