import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedRedis, pingRedis, startRedis } from '../src/index.js';

const started: EmbeddedRedis[] = [];

async function start(options?: Parameters<typeof startRedis>[0]): Promise<EmbeddedRedis> {
  const server = await startRedis(options);
  started.push(server);
  return server;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true });
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(server => server.stop()));
});

describe('embedded Redis', () => {
  it('keeps every answered write over SIGKILL, on the same port', async () => {
    const server = await start();
    const before = { url: server.url, pid: server.pid };
    await ask(server.url, redis => redis.set('kept', 'yes'));
    await server.kill('SIGKILL');
    await expect(pingRedis(server.url)).rejects.toThrow('ECONNREFUSED');

    await server.restart();

    expect(server.url).toBe(before.url);
    expect(server.pid).not.toBe(before.pid);
    expect(await ask(server.url, redis => redis.get('kept'))).toBe('yes');
  });

  it('is durable and never evicts, unless asked otherwise', async () => {
    const [usual, other] = await Promise.all([start(), start({ settings: { appendfsync: 'everysec' } })]);
    const settingOf = (url: string, name: string) =>
      ask(url, async redis => (await redis.config('GET', name)) as unknown);
    expect(await settingOf(usual.url, 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await settingOf(usual.url, 'appendfsync')).toEqual(['appendfsync', 'always']);
    expect(await settingOf(usual.url, 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await settingOf(other.url, 'appendfsync')).toEqual(['appendfsync', 'everysec']);
  });

  it('asks for the password', async () => {
    const { port } = await start();
    await expect(pingRedis(`redis://127.0.0.1:${port}`)).rejects.toThrow('NOAUTH');
  });

  it('leaves no process behind when stopped, even one that hangs', async () => {
    const server = await startRedis();
    process.kill(server.pid, 'SIGSTOP');
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  });

  it("tells the server's own reason when it does not start", async () => {
    await expect(startRedis({ settings: { 'no-such-setting': 1 } })).rejects.toMatchObject({
      code: 'EMBEDDED_REDIS_FAILED',
      message: expect.stringContaining('no-such-setting'),
      remedy: expect.stringContaining('REDIS_URL'),
    });
  });
});
