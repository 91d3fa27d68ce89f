import { startRedis } from '@walmq/embedded';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const QUEUES = { orders: { table: 'orders' } };
const NO_CONFIG = ['CONFIG'];
const NEITHER = ['CONFIG', 'INFO'];

describe('a managed Redis that forbids commands', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** URL of a server whose user lacks the commands. */
  async function forbidden(commands: readonly string[]): Promise<string> {
    const admin = new Redis(servers.redis.url);
    const rules = commands.map(command => `-${command}`);
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '&*', '+@all', ...rules);
    admin.disconnect();
    return Object.assign(new URL(servers.redis.url), { username: 'app', password: 'secret' }).href;
  }

  /** URL of a server that does not have the commands, as some providers do. */
  async function renamed(commands: readonly string[]): Promise<string> {
    const settings = commands.map(command => [`rename-command ${command}`, '""']);
    const redis = await startRedis({ settings: Object.fromEntries(settings) as Record<string, string> });
    onTestFinished(() => redis.stop());
    return redis.url;
  }

  async function programs(redisUrl: string, name: string, redis: { trustDurability?: boolean } = {}) {
    const world = await CaptureWorld.create(servers, name, {
      schema: 'CREATE TABLE orders (id integer PRIMARY KEY)',
      queues: QUEUES,
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const { source, redis: own } = world.config;
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl,
      config: { source: { slot: source.slot }, redis: { prefix: own.prefix, ...redis }, queues: QUEUES },
    };
    const output = (...args: string[]) =>
      runWalmq(args, setting).catch((failed: { stdout: string; stderr: string }) => {
        expect(failed.stderr).not.toMatch(/^\s+at /m);
        return failed.stdout;
      });
    return {
      world,
      checks: async () =>
        (JSON.parse(await output('doctor', '--json')) as { check: string; found: string; remedy?: string }[])
          .filter(({ check }) => check.startsWith('redis'))
          .map(({ check, found, remedy = '' }) => [check, `${found}: ${remedy}`]),
      status: () => output('status'),
      capture: () => CaptureProcess.start(setting),
    };
  }

  it.each([
    ['forbidden', forbidden],
    ['renamed', renamed],
  ])('CONFIG is %s: each program says what is taken on trust, and capture runs then', async (how, limit) => {
    const url = await limit(NO_CONFIG);
    const wary = await programs(url, `managed_wary_${how}`);
    expect(await wary.checks()).toContainEqual([
      'redis-durability',
      expect.stringMatching(/does not let CONFIG GET check.*Check it with your provider.*trustDurability/),
    ]);
    expect(await wary.status()).toMatch(/REDIS_DURABILITY_UNKNOWN.*\n.*Check it with your provider/);
    const refused = await wary.capture();
    expect(await refused.exitCode()).toBe(1);
    expect(refused.output).toMatch(/REDIS_DURABILITY_UNKNOWN.*Check it with your provider/);

    const trusting = await programs(url, `managed_trusting_${how}`, { trustDurability: true });
    const capture = await trusting.capture();
    await capture.waitFor('durability:unchecked');
    await capture.waitFor('stream:started');
    expect(await trusting.checks()).toContainEqual([
      'redis-durability',
      expect.stringMatching(/taken on trust.*keeps every write and evicts nothing/),
    ]);
    expect(await trusting.status()).not.toMatch(/REDIS_/);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('INFO is forbidden too: each program names it, and what cannot be known without', async () => {
    const { checks, status, capture } = await programs(await forbidden(NEITHER), 'managed_mute', {
      trustDurability: true,
    });
    const found = await checks();
    expect(found).toContainEqual([
      'redis',
      expect.stringMatching(/refuses INFO.*version, role, memory and replicas.*Check with your provider/),
    ]);
    expect(found).toContainEqual(['redis-rights', expect.stringMatching(/may not run INFO.*\+info/)]);
    expect(await status()).toMatch(/answers, but refuses INFO[\s\S]*REDIS_DENIED: Redis refuses INFO/);
    const refused = await capture();
    expect(await refused.exitCode()).toBe(1);
    expect(refused.output).toMatch(/may not run INFO.*\+info/);
  });

  it('INFO is renamed too: no program can use the server, and each says why', async () => {
    const { checks, status, capture } = await programs(await renamed(NEITHER), 'managed_nameless');
    expect(await checks()).toEqual([
      [
        'redis',
        expect.stringMatching(/lacks a command.*'info'.*or use a server or a plan with this command/),
      ],
    ]);
    expect(await status()).toMatch(/unreachable: .*'info'[\s\S]*or use a server or a plan with this command/);
    const refused = await capture();
    expect(await refused.exitCode()).toBe(1);
    expect(refused.output).toMatch(/REDIS_DENIED.*'info'/);
  });
});
