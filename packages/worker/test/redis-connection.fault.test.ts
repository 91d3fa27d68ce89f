import { startRedis } from '@walmq/embedded';
import {
  type AppProcess,
  eventually,
  type Servers,
  startNetwork,
  startServers,
  stopServers,
} from '@walmq/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KitProcesses } from './kit-process-fixture.js';

/** A replica is served at once, not after the seconds in which others might come. */
const SETTINGS = { settings: { 'repl-diskless-sync-delay': 0 } };

describe('connections to Redis that look alive', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('a worker whose replies no longer come connects anew, and goes on', async () => {
    await using kit = await KitProcesses.create(servers, 'stranded', { deadlineMs: 1000 });
    await using network = await startNetwork(servers.redis.port);
    const worker = await kit.start({ REDIS_URL: network.url(servers.redis.url) });
    await kit.addSteps(1, 1);
    await kit.completed(1);
    network.lose('both');
    await kit.addSteps(2, 2);
    await kit.completed(3);
    expect(await kit.made(2)).toEqual([1, 2]);
    await expectReady(worker);
    expect(worker.output()).toContain('Redis has not answered for 1000 ms');
    expect(await worker.end('SIGTERM')).toBe('exit 0');
  });

  it('so it does when they end in the middle of a change, which is not made again', async () => {
    await using kit = await KitProcesses.create(servers, 'stranded_busy', { deadlineMs: 1000 });
    await using network = await startNetwork(servers.redis.port);
    const worker = await kit.start({ REDIS_URL: network.url(servers.redis.url) });
    await kit.hold(1);
    await kit.addSteps(1, 2);
    await kit.begins(worker, 1);
    network.lose('both');
    await eventually(() => expect(worker.output()).toContain('Redis has not answered for 1000 ms'));
    await kit.release(1);
    await kit.completed(2);
    expect(await kit.made(1)).toEqual([1, 2]);
  });

  it('a worker leaves a Redis that was demoted, though its connections live on', async () => {
    const [first, second] = await Promise.all([startRedis(SETTINGS), startRedis(SETTINGS)]);
    const [old, next] = [new Redis(first.url), new Redis(second.url)];
    try {
      await next.config('SET', 'requirepass', new URL(first.url).password);
      for (const redis of [old, next]) await redis.config('SET', 'masterauth', new URL(first.url).password);
      await using network = await startNetwork(first.port);
      await using kit = await KitProcesses.create({ ...servers, redis: first }, 'demoted', {
        deadlineMs: 1000,
      });
      await next.replicaof('127.0.0.1', String(first.port));
      const worker = await kit.start({ REDIS_URL: network.url(first.url) });
      await kit.addSteps(1, 1);
      await kit.completed(1);
      expect(Number(await old.call('WAIT', 1, 10_000))).toBe(1);
      await next.replicaof('NO', 'ONE');
      await old.replicaof('127.0.0.1', String(second.port));
      // The address leads to the new primary from now on, and the worker's connections stay with the old one.
      network.redirect(second.port);
      const change = kit.world.change('insert', 'steps', { after: { row: 2, step: 1 } });
      const queue = new Queue('steps', { connection: next, prefix: 'demoted' });
      await queue.add('insert', change, { jobId: change.id });
      await eventually(async () => expect(await queue.getCompletedCount()).toBe(2));
      expect(await kit.made(2)).toEqual([1]);
      await expectReady(worker);
      await queue.close();
    } finally {
      for (const redis of [old, next]) redis.disconnect();
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  it.each([
    ['rights_dangerous', '+@all -@dangerous', 'may not run INFO\\.', '\\+info'],
    ['rights_eval', '+@all -eval', 'may not run EVAL\\.', '\\+eval'],
    [
      'rights_keys',
      '+@all resetkeys ~other:*',
      'may not use keys that begin with "rights_keys:"\\.',
      '~rights_keys:\\*',
    ],
  ])('%s: a user with %s: one sentence, exit code 1', async (name, rules, lacking, rule) => {
    await using kit = await KitProcesses.create(servers, name, { deadlineMs: 1000 });
    await kit.world.redis.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', ...rules.split(' '));
    const url = new URL(servers.redis.url);
    url.username = 'app';
    url.password = 'secret';
    const worker = kit.launch({ REDIS_URL: url.href });
    expect(await worker.ended).toBe('exit 1');
    expect(worker.output()).toMatch(
      new RegExp(
        `REDIS_DENIED: the Redis user \\\\"app\\\\" ${lacking.replaceAll('"', '\\\\"')}.*ACL SETUSER app ${rule}`,
      ),
    );
  });
});

async function expectReady(worker: AppProcess): Promise<void> {
  const url = await worker.url();
  await eventually(async () =>
    expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ ready: true }),
  );
}
