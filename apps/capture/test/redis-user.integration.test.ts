import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  Receiver,
  type Servers,
  startApp,
  startServers,
  stopServers,
  writeConfig,
} from '@walmq/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { runWalmq } from './capture-process-fixture.js';
import { Steps } from './redis-steps-fixture.js';

const PREFIX = 'redis_user';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => stopServers(servers));

/** The rule of the page, for another prefix. */
function ruleOfThePage(prefix: string): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/operations.md'), 'utf8');
  const [, rule = ''] = /```redis-acl\n([\s\S]+?)```/.exec(page) ?? [];
  const [, rules = ''] = /(~bull:.+)/.exec(rule.replaceAll('\\\n', '')) ?? [];
  return rules.trim().replace('~bull:*', `~${prefix}:*`).split(/\s+/);
}

/** Milliseconds: a dozen programs are started. */
const TIMEOUT = 240_000;

it('every program runs whole with the smallest rule: Redis refuses nothing but what the page says', {
  timeout: TIMEOUT,
}, async () => {
  const admin = new Redis(servers.redis.url);
  onTestFinished(() => admin.disconnect());
  await admin.call('ACL', 'SETUSER', 'walmq', 'reset', 'on', '>secret', ...ruleOfThePage(PREFIX));
  const url = Object.assign(new URL(servers.redis.url), { username: 'walmq', password: 'secret' }).href;
  const redis = { durability: 'fsync', trustDurability: true } as const;
  await using receiver = await Receiver.start();
  const target = { type: 'slack', url: receiver.url, allowHttp: true } as const;
  await using steps = await Steps.create(PREFIX, {
    postgres: servers.postgres,
    redisUrl: url,
    lookAt: servers.redis,
    redis,
    attempts: 1,
    alerts: {
      severity: 'warning',
      everySeconds: 1,
      holdSeconds: 0,
      targets: { ops: { ...target, allowAddresses: ['127.0.0.0/8', '::1/128'] } },
    },
    queues: { 'change-log': { tables: ['steps'] } },
  });
  const folder = await mkdtemp(join(tmpdir(), 'walmq-redis-user-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const run = (...args: string[]) =>
    runWalmq(args, { databaseUrl: steps.world.databaseUrl, redisUrl: url, config: steps.config }).catch(
      (error: { stdout?: string; stderr?: string }) => `${error.stdout}${error.stderr}`,
    );
  expect(await run('setup', '--change-log')).toContain('the change log');
  await admin.call('ACL', 'LOG', 'RESET');
  const capture = await steps.startCapture();
  const worker = await steps.startWorker();
  const env = {
    DATABASE_URL: steps.world.databaseUrl,
    REDIS_URL: url,
    WALMQ_CONFIG: await writeConfig(steps.config),
  };
  const dashboard = startApp(join(import.meta.dirname, '../../dashboard'), env);
  const changeLog = startApp(join(import.meta.dirname, '../../change-log-worker'), env);
  steps.write();
  await steps.made(20);
  await steps.stopWriting();

  // A change that fails, with others behind it.
  await steps.world.client.query('ALTER TABLE made ADD CHECK (row < 100)');
  await steps.world.client.query('INSERT INTO steps SELECT 100, i FROM generate_series(1, 3) i');
  await steps.world.client.query('INSERT INTO steps VALUES (101, 1)');
  const failed = async () => Number(await admin.zcard(`${PREFIX}:steps:failed`));
  await eventually(async () => expect(await failed()).toBe(2));

  const page = await dashboard.url();
  const read = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${page}${path}`, { ...init, signal: AbortSignal.timeout(20_000) });
    return `${answer.status} ${answer.status === 200 ? '' : await answer.text()}`.trim();
  };
  const [job] = await admin.zrange(`${PREFIX}:steps:failed`, '0', '0');
  for (const path of [
    '/',
    '/ready',
    '/metrics',
    '/row?table=steps&key=100&key=1',
    '/search?queue=steps&table=steps&key=100%2C1',
    '/search?queue=steps&text=violates',
    '/log',
    '/queues/api/queues?activeQueue=steps&status=failed&page=1&jobsPerPage=10',
    '/queues/api/queues?activeQueue=steps&status=latest&page=1&jobsPerPage=10',
    `/queues/api/queues/steps/${job}`,
    `/queues/api/queues/steps/${job}/logs`,
  ])
    await eventually(async () => expect([path, await read(path)]).toEqual([path, '200']));
  const origin = { method: 'PUT', headers: { origin: page } };
  for (const act of ['pause', 'resume', `${job}/retry`])
    expect([act, (await read(`/queues/api/queues/steps/${act}`, origin)).slice(0, 3)]).toEqual([
      act,
      expect.stringMatching(/^20[04]/),
    ]);
  await eventually(async () => expect(await failed()).toBe(2));

  const [failures, trace, status, doctor] = await Promise.all([
    run('failed', '--json'),
    run('trace', 'steps', '100', '1'),
    run('status', '--json'),
    run('doctor', '--json'),
  ]);
  expect(failures).toContain('"steps"');
  expect(trace).toContain('steps');
  expect(status).toContain('"queues"');
  expect(JSON.parse(doctor)).toContainEqual(expect.objectContaining({ check: 'redis-rights', status: 'ok' }));
  await eventually(() =>
    expect(receiver.received.map(({ body }) => body).join()).toContain('CHANGES_FAILED'),
  );
  expect(await run('alert')).toContain('Another process watches');
  expect(await run('pause-key', 'steps', 'row=100')).toMatch(/paused/i);
  expect(await run('resume-key', 'steps', 'row=100')).toMatch(/resumed/i);
  const [failedId] = await admin.zrange(`${PREFIX}:steps:failed`, '0', '0');
  const changeId = failedId?.split('-').slice(0, 2).join('-') as string;
  const change = JSON.parse(await run('correct', changeId, '--queue', 'steps'));
  const corrected = join(folder, 'corrected.json');
  await writeFile(corrected, JSON.stringify({ ...change, after: { ...change.after, note: 'corrected' } }));
  expect(await run('correct', changeId, '--queue', 'steps', '--file', corrected, '--yes')).toContain(
    changeId,
  );
  expect(await run('replay', '--queue', 'steps', '--key', 'row=101', '--json')).toContain('1');
  await eventually(async () => expect(await failed()).toBe(2));
  expect(
    await run('discard', '--queue', 'steps', '--yes', '--json', '--to', join(folder, 'out.jsonl')),
  ).toContain('out.jsonl');
  await steps.world.client.query('ALTER TABLE made DROP CONSTRAINT made_row_check');
  await run('backfill', 'steps', '--queue', 'steps');
  const logged = async () => {
    const { rows } = await steps.world.client.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM walmq.change_log',
    );
    return rows[0]?.n ?? 0;
  };
  await eventually(async () => expect(await logged()).toBeGreaterThan(20));
  expect(
    await run('rewind', '--queue', 'steps', '--from', '1d', '--key', 'row=1', '--key', 'step=1', '--yes'),
  ).toContain('1 change');
  expect(await changeLog.end('SIGTERM')).toBe('exit 0');
  expect(await capture.end('SIGTERM')).toBe(0);
  expect(await worker.end('SIGTERM')).toBe('exit 0');
  expect(await dashboard.end('SIGTERM')).toBe('exit 0');
  await run('accept-loss');
  await run('teardown', '--yes');

  const refused = (await admin.call('ACL', 'LOG', '1000')) as unknown[][];
  const objects = refused.map(entry => {
    const fields = Array.isArray(entry)
      ? new Map(entry.flatMap((name, at) => (at % 2 ? [] : [[name, entry[at + 1]]])))
      : new Map(Object.entries(entry));
    return `${String(fields.get('reason'))} ${String(fields.get('object'))}`;
  });
  // What walmq tries and can do without: the page names it.
  const optional = /^command (config\|get|command\|info|client\|(list|setname|setinfo))$/;
  expect([...new Set(objects)].filter(object => !optional.test(object))).toEqual([]);
});
