import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands.js';
import { connectOnce } from '../src/connect-once.js';
import { tryRights } from '../src/rights.js';

const PREFIX = 'bull';
const EVERYTHING = COMMANDS.map(command => `+${command.toLowerCase()}`);

describe('the rights of a Redis user', () => {
  let server: EmbeddedRedis;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    admin = await connectOnce(server.url, { name: 'test', deadlineMs: 10_000 });
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  /** What a user with these rules lacks; undefined: nothing. */
  async function lacking(...rules: string[]): Promise<Error | undefined> {
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...rules);
    const url = new URL(server.url);
    url.username = 'app';
    url.password = 'secret';
    const redis = await connectOnce(url.href, { name: 'test', deadlineMs: 10_000 });
    try {
      await tryRights(redis, PREFIX);
      return undefined;
    } catch (error) {
      return error as Error;
    } finally {
      redis.disconnect();
    }
  }

  it('nothing is lacking with every command on the keys of the prefix, and nothing is left behind', async () => {
    await admin.flushall();
    expect(await lacking(`~${PREFIX}:*`, ...EVERYTHING)).toBeUndefined();
    expect(await admin.keys('*')).toEqual([]);
  });

  it('the smallest rule of docs/guides/operations.md is enough, and has nothing that is not needed', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/operations.md'), 'utf8');
    const [, rule = ''] = /```redis-acl\n([\s\S]+?)```/.exec(page) ?? [];
    const [, rules = ''] = /resetchannels (.+)/.exec(rule.replaceAll('\\\n', '')) ?? [];
    const words = rules.trim().split(/\s+/);
    expect(words).toEqual(['-@all', ...EVERYTHING]);
    expect(await lacking(`~${PREFIX}:*`, ...words)).toBeUndefined();
  });

  it.each(COMMANDS)('%s is missed when it is lacking', async command => {
    const error = await lacking(`~${PREFIX}:*`, ...EVERYTHING, `-${command.toLowerCase()}`);
    expect(error).toMatchObject({
      code: 'REDIS_DENIED',
      message: `the Redis user "app" may not run ${command}.`,
      remedy: `As an administrator of Redis, run: ACL SETUSER app +${command.toLowerCase()}`,
    });
  });

  it.each([
    ['keys of another prefix', ['~other:*', '+@all']],
    ['no key at all', ['+@all']],
  ])('the keys are missed: %s', async (_what, rules) => {
    expect(await lacking(...rules)).toMatchObject({
      message: 'the Redis user "app" may not use keys that begin with "bull:".',
      remedy: 'As an administrator of Redis, run: ACL SETUSER app ~bull:*',
    });
  });

  it('all that is lacking is one sentence, and the rule in it gives all', async () => {
    const error = (await lacking('~other:*', '+@all', '-@dangerous', '-eval')) as Error & { remedy: string };
    expect(error.message).toBe(
      'the Redis user "app" may not run EVAL, INFO, nor use keys that begin with "bull:".',
    );
    const rules = error.remedy.split('ACL SETUSER app ')[1]?.split(' ') as string[];
    expect(await lacking('~other:*', '+@all', '-@dangerous', '-eval', ...rules)).toBeUndefined();
  });

  it('a server without a command, and a sentinel in place of a server', async () => {
    const renamed = await startRedis({ settings: { 'rename-command HSCAN': '""' } });
    const sentinel = await startRedis({ settings: { 'sentinel monitor shop': '127.0.0.1 1 1' } });
    const [one, other] = await Promise.all(
      [renamed, sentinel].map(({ url }) => connectOnce(url, { name: 'test', deadlineMs: 10_000 })),
    );
    try {
      await expect(tryRights(one as Redis, PREFIX)).rejects.toMatchObject({
        code: 'REDIS_DENIED',
        message: 'Redis has no command HSCAN, which walmq needs.',
      });
      await expect(tryRights(other as Redis, PREFIX)).rejects.toMatchObject({
        code: 'REDIS_URL_INVALID',
        remedy: expect.stringContaining('redis+sentinel://'),
      });
    } finally {
      for (const redis of [one, other]) redis?.disconnect();
      await Promise.all([renamed.stop(), sentinel.stop()]);
    }
  });
});
