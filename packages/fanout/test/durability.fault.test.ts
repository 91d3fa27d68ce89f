import type { Durability } from '@walmq/config';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { confirmDurable, durabilityVerdict, readPersistence } from '../src/redis/durability.js';
import { connectProducer } from '../src/redis/producer.js';
import { testEnqueuer, testJob } from './enqueuer-fixture.js';
import { startWaitaofStandIn } from './waitaof-stand-in-fixture.js';

describe('durability, confirmed by the server', () => {
  let primary: EmbeddedRedis;
  let replica: EmbeddedRedis;
  beforeAll(async () => {
    // A replica is served at once, not after the seconds in which others might come.
    const settings = { 'repl-diskless-sync-delay': 0 };
    [primary, replica] = await Promise.all([startRedis({ settings }), startRedis({ settings })]);
    const { password, port } = new URL(primary.url);
    const admin = new Redis(replica.url);
    await admin.config('SET', 'masterauth', decodeURIComponent(password));
    await admin.replicaof('127.0.0.1', port);
    await vi.waitUntil(async () => (await admin.info('replication')).includes('master_link_status:up'), {
      timeout: 30_000,
    });
    admin.disconnect();
  });
  afterAll(() => Promise.all([primary.stop(), replica.stop()]));

  /** As capture connects: asks the server, then confirms each batch the way it can. */
  function durably(url: string, durability: Durability) {
    return async () => {
      const redis = await connectProducer(url);
      const { errors, confirmation } = durabilityVerdict(durability, false, await readPersistence(redis));
      if (errors[0]) throw errors[0];
      return { redis, confirm: () => confirmDurable(redis, confirmation) };
    };
  }

  it('replicated: a batch is done when a replica has it, and a missing replica is a pause', async () => {
    await using world = await testEnqueuer(primary.url, 'durable-replicated', {
      connect: durably(primary.url, { replicated: 1 }),
    });
    const [first, second] = [testJob(1), testJob(2)];
    await world.enqueuer.add([first], first.position);
    await world.enqueuer.drain();
    const copy = new Redis(replica.url);
    expect(await copy.exists(`durable-replicated:orders:${first.id}`)).toBe(1);

    await copy.call('REPLICAOF', 'NO', 'ONE');
    await world.enqueuer.add([second], second.position);
    world.enqueuer.flush();
    await expect.poll(() => world.pauses.map(String).join(), { timeout: 30_000 }).toMatch(/0 of 1 replicas/);
    expect(world.answered).toHaveLength(1);

    await copy.replicaof('127.0.0.1', new URL(primary.url).port);
    await world.enqueuer.drain();
    expect(world.answered).toHaveLength(2);
    expect(await copy.exists(`durable-replicated:orders:${second.id}`)).toBe(1);
    copy.disconnect();
  });

  it('WAITAOF (stand-in): asked where every answer is not fsynced, and a time-out is never a success', async () => {
    await using standIn = await startWaitaofStandIn();
    const { redis, confirm } = await durably(standIn.url, 'fsync')();
    await confirm();
    expect(standIn.waited).toEqual([['1', '0', expect.any(String)]]);
    standIn.setFsynced(false);
    await expect(confirm()).rejects.toMatchObject({ code: 'NOT_DURABLE_YET' });
    redis.disconnect();
  });

  it('a server that cannot keep the promise stops the enqueuer with what to change', async () => {
    const admin = new Redis(primary.url);
    // With appendfsync everysec a newer server could confirm each batch (WAITAOF).
    await admin.config('SET', 'appendonly', 'no');
    await using world = await testEnqueuer(primary.url, 'durable-refused', {
      connect: durably(primary.url, 'fsync'),
    });
    const job = testJob(1);
    await world.enqueuer.add([job], job.position);
    await expect(world.enqueuer.drain()).rejects.toMatchObject({
      code: 'REDIS_NOT_DURABLE',
      remedy: expect.stringContaining('CONFIG SET appendonly yes'),
    });
    await admin.config('SET', 'appendonly', 'yes');
    admin.disconnect();
  });
});
