import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { entryIn, statesIn, TraceWorld } from './trace-fixture.js';

const WAITING = 20_000;

describe('a trace beside many jobs', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('reads a row, not the queue', async () => {
    const world = await TraceWorld.start(servers, 'trace_scale', {
      schema: 'CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL)',
      queues: { orders: { table: 'orders' }, notices: { table: 'orders' } },
    });
    await world.sql(`INSERT INTO orders SELECT n, 'new' FROM generate_series(1, ${WAITING}) n`);
    await world.sql("UPDATE orders SET status = 'paid' WHERE id = 42");
    await world.captured();
    const redis = new Redis(servers.redis.url);
    onTestFinished(() => redis.disconnect());
    await redis.config('RESETSTAT');
    const trace = await world.row('orders', '42');
    const calls = await callsOf(redis);
    expect(statesIn(trace, 'orders')).toEqual(['waiting', 'parked']);
    expect(entryIn(trace.changes[1], 'notices')?.job?.behind?.ahead).toBe(1);
    // Two queues with two jobs each. Nothing reads the list of waiting jobs.
    expect(calls.total).toBeLessThan(150);
    expect(calls.of('lrange') + calls.of('zrange')).toBeLessThan(10);
    // lpos looks for the few jobs of the row in the list of active jobs, which is empty.
    expect(calls.of('scan') + calls.of('keys') + calls.of('hscan') + calls.of('sort')).toBe(0);
    expect(calls.of('lpos')).toBeLessThan(10);
  });
});

/** Number of commands since the last reset, capture's own few included. */
async function callsOf(redis: Redis): Promise<{ total: number; of: (command: string) => number }> {
  const info = await redis.info('commandstats');
  const calls = new Map<string, number>();
  for (const [, command = '', count] of info.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)) {
    // Capture marks its checkpoint and its heartbeat meanwhile.
    if (['set', 'hset', 'info', 'ping', 'config|resetstat', 'expire', 'pexpire', 'wait'].includes(command))
      continue;
    calls.set(command, (calls.get(command) ?? 0) + Number(count));
  }
  const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
  return { total, of: command => calls.get(command) ?? 0 };
}
