import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fromPage,
  type StartedDashboard,
  signIn,
  spawnDashboard,
  startDashboard,
  startLogDatabase,
  userLine,
} from './dashboard-fixture.js';

const PASSWORD = 'correct horse battery';

/** A GET with headers that fetch does not let one set, such as Host. */
async function getWith(url: string, headers: Record<string, string>): Promise<number> {
  const sent = request(url, { headers }).end();
  const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}

let redis: EmbeddedRedis;
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

describe('a dashboard with users', () => {
  let dashboard: StartedDashboard;
  let url: string;
  let folder: string;
  let queue: Queue;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-users-'));
    const lines = [
      '# who may come in',
      await userLine('ann', 'operator', PASSWORD),
      await userLine('bob', 'read-only', PASSWORD),
      await userLine('cyd', 'states', PASSWORD),
    ];
    await writeFile(join(folder, 'users'), `${lines.join('\n')}\n`);
    queue = new Queue('orders', { connection: { url: redis.url } });
    await queue.add('insert', { id: 'x' }, { jobId: 'w-1', delay: 3_600_000 });
    dashboard = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_DASHBOARD_USERS_FILE: join(folder, 'users'),
      WALMQ_DASHBOARD_PROXIES: '127.0.0.1',
      WALMQ_DASHBOARD_HOSTS: 'walmq.example.org',
    });
    url = dashboard.url;
  });
  afterAll(async () => {
    await dashboard.stop();
    await queue.close();
    await rm(folder, { recursive: true });
  });
  const promote = `/queues/api/queues/orders/w-1/promote`;

  it('shows nothing but the sign-in and the probes to a stranger', async () => {
    const page = await fetch(`${url}/queues?x=1`, { headers: { accept: 'text/html' } });
    expect(page.url).toBe(`${url}/sign-in?to=%2Fqueues%3Fx%3D1`);
    expect(await page.text()).toContain('<label for="password">');
    expect((await fetch(`${url}/queues/api/queues`)).status).toBe(401);
    expect((await fetch(`${url}/queues/static/images/logo.svg`)).status).toBe(401);
    expect((await fetch(url + promote, fromPage(url, { method: 'PUT' }))).status).toBe(401);
    expect((await fetch(`${url}/nothing`)).status).toBe(401);
    for (const probe of ['live', 'ready', 'metrics'])
      expect((await fetch(`${url}/${probe}`)).status).toBe(200);
  });

  it('keeps other sites from sending forms, and its cookie from them', async () => {
    const body = new URLSearchParams({ name: 'ann', password: PASSWORD, to: '//evil.example' });
    const forged = { method: 'POST', body, headers: { origin: 'https://evil.example' } };
    expect((await fetch(`${url}/sign-in`, forged)).status).toBe(403);
    const direct = await fetch(`${url}/sign-in`, fromPage(url, { body, redirect: 'manual' }));
    expect(direct.headers.get('location')).toBe('/');
    expect(direct.headers.getSetCookie()[0]).toMatch(
      /^walmq-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const overHttps = await fetch(`${url}/sign-in`, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: {
        origin: 'https://walmq.example.org',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'walmq.example.org',
        'x-forwarded-for': '192.0.2.7',
      },
    });
    expect(overHttps.headers.getSetCookie()[0]).toMatch(/^__Host-walmq=.*; Secure; SameSite=Strict$/);
  });

  it('lets an operator act', async () => {
    const cookie = await signIn(url, 'ann', PASSWORD);
    expect(cookie).toMatch(/^walmq-session=/);
    const answer = await fetch(
      url + promote,
      fromPage(url, { method: 'PUT', headers: { cookie: String(cookie) } }),
    );
    expect(answer.status).toBeLessThan(300);
    expect(await queue.getJobState('w-1')).toBe('waiting');
  });

  it('lets a read-only user look and not act, and shows the board without its buttons', async () => {
    const cookie = String(await signIn(url, 'bob', PASSWORD));
    const board = await fetch(`${url}/queues`, { headers: { cookie } });
    expect(board.url).toBe(`${url}/read-only/queues`);
    const { queues } = (await (
      await fetch(`${url}/read-only/queues/api/queues`, { headers: { cookie } })
    ).json()) as { queues: { readOnlyMode: boolean; allowRetries: boolean }[] };
    expect(queues.length).toBeGreaterThan(0);
    expect(queues.every(shown => shown.readOnlyMode && !shown.allowRetries)).toBe(true);
    for (const path of [promote, `/read-only${promote}`, '/queues/api/queues/pause'])
      for (const method of ['PUT', 'POST', 'PATCH', 'DELETE'])
        expect(
          (await fetch(url + path, fromPage(url, { method, headers: { cookie } }))).status,
          `${method} ${path}`,
        ).toBe(403);
    expect(await queue.isPaused()).toBe(false);
  });

  it('keeps Bull Board, which shows rows, from a user who may see states only', async () => {
    const cookie = String(await signIn(url, 'cyd', PASSWORD));
    for (const path of [
      '/queues',
      '/%71ueues',
      '/read-only/queues',
      '/read-only%2Fqueues',
      '/read-only/%71ueues',
    ])
      for (const rest of [
        '',
        '/',
        '/api/queues',
        '/api/queues/orders/w-1',
        '/api/queues?activeQueue=orders',
      ]) {
        const answer = await fetch(url + path + rest, { headers: { cookie } });
        expect([403, 404], path + rest).toContain(answer.status);
        expect(await answer.text(), path + rest).not.toMatch(/"(jobs|queues|data|opts)":/);
      }
    const page = await (await fetch(`${url}/`, { headers: { cookie } })).text();
    expect(page).toContain('cyd · states');
    expect(page).not.toContain('Bull Board');
    expect((await fetch(url + promote, fromPage(url, { method: 'PUT', headers: { cookie } }))).status).toBe(
      403,
    );
  });

  it('refuses actions that another site makes a signed-in browser send', async () => {
    const cookie = String(await signIn(url, 'ann', PASSWORD));
    const pause = async (headers: Record<string, string>) =>
      (
        await fetch(`${url}/queues/api/queues/orders/pause`, {
          method: 'PUT',
          headers: { cookie, ...headers },
        })
      ).status;
    expect(await pause({ origin: 'https://evil.example' })).toBe(403);
    expect(await pause({ origin: 'null' })).toBe(403);
    expect(await pause({})).toBe(403);
    expect(await pause({ origin: new URL(url).origin, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await queue.isPaused()).toBe(false);
    expect(await pause({ origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' })).toBe(200);
    await queue.resume();
  });

  it('ends a session at sign-out, which needs the token of a page', async () => {
    const cookie = String(await signIn(url, 'ann', PASSWORD));
    const out = (token: string) =>
      fetch(
        `${url}/sign-out`,
        fromPage(url, { body: new URLSearchParams({ token }), headers: { cookie }, redirect: 'manual' }),
      );
    const page = await (await fetch(url, { headers: { cookie, accept: 'text/html' } })).text();
    expect((await out('made-up')).status).toBe(403);
    expect((await fetch(`${url}/queues/api/queues`, { headers: { cookie } })).status).toBe(200);
    const token = /name="walmq-token" content="([^"]+)"/.exec(page)?.[1] as string;
    expect((await out(token)).status).toBe(303);
    expect((await fetch(`${url}/queues/api/queues`, { headers: { cookie } })).status).toBe(401);
  });

  it('sends its security headers with every answer', async () => {
    for (const path of ['/sign-in', '/queues/api/queues', '/nothing', '/assets/page.css']) {
      const { headers } = await fetch(url + path);
      expect(headers.get('content-security-policy'), path).toContain("script-src 'self'");
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
    const own = (await fetch(`${url}/sign-in`)).headers.get('content-security-policy');
    expect(own).not.toContain('unsafe');
  });

  it('answers a wrong name as a wrong password, and stops an address that tries on and on', async () => {
    expect(await signIn(url, 'ann', 'wrong password')).toBe(401);
    expect(await signIn(url, 'eve', PASSWORD)).toBe(401);
    const answers: unknown[] = [];
    for (let tries = 0; tries < 12; tries += 1) answers.push(await signIn(url, 'ann', `guess ${tries}`));
    expect(answers.at(-1)).toBe(429);
    expect(dashboard.output()).toContain('sign-in:refused');
    expect(dashboard.output()).not.toContain(PASSWORD);
    expect(dashboard.output()).not.toContain('guess 1');
  });
});

describe('a dashboard without users', () => {
  let dashboard: StartedDashboard;
  beforeAll(async () => {
    dashboard = await startDashboard({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
  });
  afterAll(async () => {
    await dashboard.stop();
  });

  it('is open to this machine, under its own names alone', async () => {
    const { url } = dashboard;
    expect((await fetch(`${url}/queues/api/queues`)).status).toBe(200);
    expect(await getWith(`${url}/queues/api/queues`, { host: 'evil.example:80' })).toBe(421);
    expect(await getWith(`${url}/queues/api/queues`, { host: `localhost:${new URL(url).port}` })).toBe(200);
    expect(await getWith(`${url}/live`, { host: 'probe.example' })).toBe(200);
  });

  it('refuses what a page of another site posts to it', async () => {
    const pause = `${dashboard.url}/queues/api/queues/pause`;
    const forged = await fetch(pause, { method: 'PUT', headers: { origin: 'https://evil.example' } });
    expect(forged.status).toBe(403);
    expect((await fetch(pause, { method: 'PUT' })).status).toBe(403);
  });

  it('does not believe the headers of a proxy it was not told of', async () => {
    const pause = `${dashboard.url}/queues/api/queues/pause`;
    const headers = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' };
    expect((await fetch(pause, { method: 'PUT', headers })).status).toBe(403);
  });
});

describe('a dashboard behind a proxy that signs users in', () => {
  it('takes the name from the proxy, and its role from the configuration', async () => {
    const { url, stop } = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_DASHBOARD_PROXY_USER_HEADER: 'X-Forwarded-User',
      WALMQ_DASHBOARD_PROXIES: '127.0.0.0/8',
      WALMQ_DASHBOARD_PROXY_OPERATORS: 'ann',
    });
    const retry = async (headers: Record<string, string>) =>
      (await fetch(`${url}/queues/api/queues/orders/none/retry`, fromPage(url, { method: 'PUT', headers })))
        .status;
    expect(await retry({})).toBe(401);
    expect(await retry({ 'x-forwarded-user': 'bob' })).toBe(403);
    expect(await retry({ 'x-forwarded-user': 'ann' })).toBe(404);
    expect(await stop()).toBe(0);
  });

  it('lets the users who are named as readers see rows, and nobody else', async () => {
    const { url, stop } = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_DASHBOARD_PROXY_USER_HEADER: 'X-Forwarded-User',
      WALMQ_DASHBOARD_PROXIES: '127.0.0.0/8',
      WALMQ_DASHBOARD_PROXY_READERS: 'bob',
    });
    const board = async (name: string) =>
      (await fetch(`${url}/queues/api/queues`, { headers: { 'x-forwarded-user': name } })).status;
    expect(await board('bob')).toBe(200);
    expect(await board('cyd')).toBe(403);
    expect(await stop()).toBe(0);
  });

  it('takes it from nobody else', async () => {
    const { url, stop } = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_DASHBOARD_PROXY_USER_HEADER: 'X-Forwarded-User',
      WALMQ_DASHBOARD_PROXIES: '192.0.2.1',
      WALMQ_DASHBOARD_PROXY_OPERATORS: 'ann',
    });
    const answer = await fetch(`${url}/queues/api/queues`, { headers: { 'x-forwarded-user': 'ann' } });
    expect(answer.status).toBe(401);
    expect(await stop()).toBe(0);
  });
});

describe('a dashboard that must not start', () => {
  it.each([
    [
      'an address that others can reach, without a sign-in',
      { WALMQ_HOST: '0.0.0.0' },
      /DASHBOARD_EXPOSED: WALMQ_HOST is 0\.0\.0\.0.*WALMQ_DASHBOARD_USERS_FILE/,
    ],
    [
      'a line that is none',
      { WALMQ_DASHBOARD_USERS: 'ann:operator:secret-in-clear' },
      /DASHBOARD_USERS_INVALID: Line 1 of WALMQ_DASHBOARD_USERS has no valid scrypt hash/,
    ],
    [
      'a file that is not there',
      { WALMQ_DASHBOARD_USERS_FILE: '/nowhere/users' },
      /DASHBOARD_USERS_UNREADABLE/,
    ],
    [
      'a header that nobody is trusted to send',
      { WALMQ_DASHBOARD_PROXY_USER_HEADER: 'X-Forwarded-User' },
      /DASHBOARD_PROXY_UNKNOWN/,
    ],
    [
      'a proxy that is no address',
      { WALMQ_DASHBOARD_PROXIES: 'proxy.local' },
      /WALMQ_DASHBOARD_PROXIES must be/,
    ],
  ])('refuses %s, and says what to do', async (_what, env, sentence) => {
    const refused = spawnDashboard({ REDIS_URL: redis.url, ...env });
    const [code] = (await once(refused.child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(refused.output()).toMatch(sentence);
    expect(refused.output()).not.toContain('secret-in-clear');
  });

  it('serves an address that others can reach once users have to sign in', async () => {
    const users = await userLine('ann', 'operator', PASSWORD);
    const { url, stop } = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_HOST: '0.0.0.0',
      WALMQ_DASHBOARD_USERS: users,
    });
    expect((await fetch(`${url}/queues/api/queues`)).status).toBe(401);
    expect(await stop()).toBe(0);
  });
});
