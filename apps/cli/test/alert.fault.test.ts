import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { eventually, Receiver, RedisCluster, startProgram, writeConfig } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { walmq } from './cli-fixture.js';

const PROGRAM = join(import.meta.dirname, '../bin/walmq.js');

let postgres: EmbeddedPostgres;
let redis: EmbeddedRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

const alertsTo = (url: string) => ({
  everySeconds: 1,
  holdSeconds: 0,
  overAfterSeconds: 0,
  targets: { ops: { type: 'slack', url, allowHttp: true, allowAddresses: ['127.0.0.0/8', '::1/128'] } },
});

async function envOf(slot: string, alerts?: object, shards?: number): Promise<Record<string, string>> {
  const queues = { orders: { table: 'orders' }, items: { table: 'items' } };
  const more = { ...(shards && { redis: { shards } }), ...(alerts && { alerts }) };
  const config = await writeConfig({ source: { slot }, queues, ...more });
  return { DATABASE_URL: postgres.url, REDIS_URL: redis.url, WALMQ_CONFIG: config };
}

const titles = ({ received }: Receiver) => received.map(({ body }) => /\] (.*?)\*/.exec(body)?.[1]);

describe('walmq alert', () => {
  it('sends each message once, whichever process is killed and whatever Redis does', async () => {
    await using receiver = await Receiver.start();
    const env = await envOf('watched', alertsTo(receiver.url));
    onTestFinished(() => redis.restart());
    const start = () => startProgram(PROGRAM, env, ['alert', '--watch']);
    const leader = start();
    await eventually(() => expect(leader.output()).toContain('alert:sent'));
    // Its first look reads what was told. Without that and without Redis it would tell again rather than not at all.
    const other = start();
    await eventually(() => expect(other.output()).toContain('alerts:stands-by'));
    await leader.end('SIGKILL');
    await redis.kill('SIGKILL');
    await eventually(() => expect(titles(receiver)).toContain('Problem: REDIS_UNREACHABLE'));
    expect(titles(receiver)).toEqual(['Problem: SLOT_MISSING', 'Problem: REDIS_UNREACHABLE']);
    expect(await other.end('SIGTERM')).toBe('exit 0');
    expect(titles(receiver)).toHaveLength(2);
  });

  it('watches on a Redis Cluster too: one process sends, the other takes over without a repetition', async () => {
    await using cluster = await RedisCluster.start(3);
    await using receiver = await Receiver.start();
    const env = { ...(await envOf('clustered', alertsTo(receiver.url), 3)), REDIS_URL: cluster.clusterUrl };
    const watchers = [1, 2].map(() => startProgram(PROGRAM, env, ['alert', '--watch']));
    const thatSaid = (event: string) => watchers.filter(({ output }) => output().includes(event));
    await eventually(() => expect(titles(receiver)).toEqual(['Problem: SLOT_MISSING']));
    await eventually(() => expect(thatSaid('alerts:stands-by')).toHaveLength(1));
    await eventually(() => expect(thatSaid('alert:sent')).toHaveLength(1));
    const [leader] = thatSaid('alert:sent');
    const [other] = thatSaid('alerts:stands-by');
    expect(await leader?.end('SIGTERM')).toBe('exit 0');
    await eventually(() => expect(other?.output()).toContain('alerts:leads'));
    expect(await walmq(['alert'], env)).toMatchObject({ code: 0 });
    expect(await other?.end('SIGTERM')).toBe('exit 0');
    expect(titles(receiver)).toEqual(['Problem: SLOT_MISSING']);
  });

  it('looks once, sends a test message, and says what does not work', async () => {
    await using receiver = await Receiver.start();
    const env = await envOf('looked_once', alertsTo(receiver.url));
    const first = await walmq(['alert'], env);
    expect(titles(receiver)).toEqual(['Problem: SLOT_MISSING']);
    expect(first).toMatchObject({ code: 0, lines: ['1 sent, 0 not sent.'] });
    expect(await walmq(['alert'], env)).toMatchObject({ code: 0, lines: ['0 sent, 0 not sent.'] });
    expect(await walmq(['alert', '--test'], env)).toMatchObject({ code: 0, lines: ['ops: sent'] });
    expect(titles(receiver)).toEqual(['Problem: SLOT_MISSING', 'Test of alerts']);
    receiver.reply = () => ({ status: 404 });
    expect(await walmq(['alert', '--test'], env)).toMatchObject({
      code: 1,
      errors: ['ops: not sent: the endpoint answered 404.'],
    });
    const missing = await walmq(['alert'], await envOf('no_alerts'));
    expect(missing.code).toBe(1);
    expect(missing.errors.join('\n')).toMatch(/ALERTS_MISSING: the configuration has no "alerts"/);
  });
});
