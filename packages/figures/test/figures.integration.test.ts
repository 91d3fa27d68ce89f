import { once } from 'node:events';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FiguresReader } from '../src/reader.js';
import { Recorder } from '../src/recorder.js';
import { writeReport } from '../src/report.js';

let server: EmbeddedRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const NEVER_MS = 3_600_000;
const never = (error: Error) => expect.unreachable(error.message);

function recorderOf(name: string, prefix = 'bull', client = redis): Recorder {
  return new Recorder({ redis: client, place: { prefix, name }, onLost: never, everyMs: NEVER_MS });
}

async function figuresOf(name: string, prefix = 'bull', reader = new FiguresReader()) {
  const { queues } = await reader.read(redis, [{ prefix, name }]);
  return queues.get(name);
}

it('adds up what all processes report, and what they report before they end', async () => {
  const reader = new FiguresReader();
  const [one, other] = [recorderOf('orders'), recorderOf('orders')];
  for (let count = 0; count < 90; count += 1) one.done({ durationMs: 2, latencyMs: 100 });
  await one.report();
  expect((await figuresOf('orders', 'bull', reader))?.hour.done).toBe(90);
  for (let count = 0; count < 10; count += 1) other.done({ durationMs: 50, latencyMs: 10_000 });
  other.done({ durationMs: 0.1, latencyMs: undefined });
  other.done({ durationMs: 0.1, latencyMs: -3000 });
  other.notDone('failed');
  other.notDone('retried');
  await Promise.all([one.close(), other.close()]);

  const figures = await figuresOf('orders', 'bull', reader);
  expect(figures?.hour).toMatchObject({ done: 102, failed: 1, retried: 1, doneBeforeCommit: 1 });
  expect(figures?.day).toEqual(figures?.hour);
  const { latency, duration } = figures?.hour ?? expect.unreachable('no figures');
  expect(latency?.count).toBe(101);
  expect(duration?.count).toBe(102);
  expect(latency?.p50).toBeGreaterThan(0.08);
  expect(latency?.p50).toBeLessThan(0.12);
  expect(latency?.p99).toBeGreaterThan(8);
  expect(latency?.p99).toBeLessThan(12);
});

it('counts a report once that the client sends twice, because the reply was lost', async () => {
  const place = { prefix: 'bull', name: 'twice' };
  const report = { reporter: 'a', number: 1, done: 3, counts: new Map([['done', 3]]) };
  await writeReport(redis, place, report);
  await writeReport(redis, place, report);
  await writeReport(redis, place, { ...report, number: 2 });
  await writeReport(redis, place, { ...report, reporter: 'b' });
  expect((await figuresOf('twice'))?.hour.done).toBe(9);
});

it('knows nothing of a queue whose workers do not report, and notes the backlog of one whose workers do', async () => {
  expect(await figuresOf('silent')).toBeNull();
  await redis.rpush('{bull-1}:busy:wait', '1', '2');
  await redis.rpush('{bull-1}:busy:active', '3');
  await redis.zadd('{bull-1}:busy:waiting-children', 1, '4', 2, '5');
  const recorder = recorderOf('busy', '{bull-1}');
  recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.close();
  expect((await figuresOf('busy', '{bull-1}'))?.backlog).toMatchObject([{ ready: 3, parked: 2 }]);
});

it('keeps its hashes for the time that is read, and below the keys of the queue', async () => {
  const recorder = recorderOf('kept', '{bull-0}');
  recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.close();
  const keys = (await redis.keys('{bull-0}:kept:*')).sort();
  expect(keys.map(key => key.replace(/\d+$/, ''))).toEqual([
    '{bull-0}:kept:walmq:figures:hour:',
    '{bull-0}:kept:walmq:figures:minute:',
  ]);
  const minutes = await Promise.all(keys.map(async key => Math.ceil((await redis.pttl(key)) / 60_000)));
  expect(minutes).toEqual([26 * 60, 75]);
});

it('counts on in memory while Redis is away, and reports when it is back', async () => {
  const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  const recorder = recorderOf('away', 'bull', client);
  await client.ping();
  client.disconnect(true);
  for (let count = 0; count < 5; count += 1) recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.report();
  expect((await figuresOf('away'))?.hour.done).toBe(5);
  const ended = once(client, 'end');
  client.disconnect();
  await ended;
  recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.close();
});

it('says what Redis does not take, and goes on', async () => {
  const lost: string[] = [];
  const recorder = new Recorder({
    redis,
    place: { prefix: 'bull', name: 'refused' },
    onLost: error => lost.push(error.message),
    everyMs: NEVER_MS,
  });
  await redis.set('bull:refused:wait', 'not a list');
  recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.report();
  expect(lost).toEqual([expect.stringContaining('WRONGTYPE')]);
  await redis.del('bull:refused:wait');
  recorder.done({ durationMs: 1, latencyMs: 1 });
  await recorder.close();
  expect((await figuresOf('refused'))?.hour.done).toBe(1);
});
