import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres } from '@walmq/embedded';
import { SentinelSet } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Steps } from './redis-steps-fixture.js';

describe('Redis behind sentinels, under load', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('{ replicated: 1 }: a primary killed, one that hangs, a planned failover: nothing lost, nothing twice, in order', async () => {
    await using set = await SentinelSet.start({ replicas: 3 });
    await using steps = await Steps.create('sentinel_replicated', {
      postgres,
      redisUrl: set.url,
      lookAt: set.nodes[0] as EmbeddedRedis,
      redis: { durability: { replicated: 1 } },
    });
    const capture = await steps.startCapture();
    const worker = await steps.startWorker();
    steps.write();
    await steps.made(50);

    const killed = await set.primary();
    await killed.kill('SIGKILL');
    await set.untilPromoted(killed);
    await steps.made(50);

    const hung = await set.primary();
    process.kill(hung.pid, 'SIGSTOP');
    await set.untilPromoted(hung);
    // It takes writes until the sentinels demote it.
    process.kill(hung.pid, 'SIGCONT');
    await steps.made(50);

    // The sentinels promote without waiting: the former primary confirms changes that are thrown away.
    await set.failOver();
    await steps.made(50);
    await steps.finish();
    expect(await capture.end('SIGTERM')).toBe(0);
    expect(await worker.end('SIGTERM')).toBe('exit 0');
  });

  it('"memory": a failover that lost acknowledged changes is found, with their range of WAL', async () => {
    await using set = await SentinelSet.start({ replicas: 1 });
    const [primary, replica] = set.nodes as [EmbeddedRedis, EmbeddedRedis];
    await using steps = await Steps.create('sentinel_lost', {
      postgres,
      redisUrl: set.url,
      lookAt: primary,
      redis: { durability: 'memory' },
      capture: { ackDelayMs: 0 },
    });
    const capture = await steps.startCapture();
    await capture.waitFor('stream:started');
    await steps.world.client.query('INSERT INTO steps VALUES (0, 0)');
    await steps.world.waitUntilAcknowledged();
    await set.cutReplication(replica);
    await steps.world.client.query('INSERT INTO steps SELECT 1, i FROM generate_series(1, 100) i');
    await steps.world.waitUntilAcknowledged();
    await primary.kill('SIGKILL');
    await steps.world.client.query('INSERT INTO steps VALUES (2, 0)');
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(
      /REDIS_LOST_CHANGES.*between [0-9A-F]+\/[0-9A-F]+ and [0-9A-F]+\/[0-9A-F]+/,
    );
  });
});
