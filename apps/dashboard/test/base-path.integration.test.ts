import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fromPage,
  type StartedDashboard,
  spawnDashboard,
  startDashboard,
  startLogDatabase,
  userLine,
} from './dashboard-fixture.js';
import { type ProxyServer, startProxy } from './proxy-fixture.js';

const PASSWORD = 'correct horse battery';
const PATH = '/ops/walmq';
const BOARDS = { ann: '/queues', bob: '/read-only/queues' };

describe('a dashboard behind a sub-path', () => {
  let redis: EmbeddedRedis;
  let postgres: EmbeddedPostgres;
  let users: string;
  let named: StartedDashboard;
  let configured: StartedDashboard;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
    const queue = new Queue('orders', { connection: { url: redis.url } });
    await queue.add('insert', { id: 'x' }, { jobId: 'w-1' });
    await queue.close();
    const lines = [await userLine('ann', 'operator', PASSWORD), await userLine('bob', 'read-only', PASSWORD)];
    users = lines.join(',');
    const common = { REDIS_URL: redis.url, DATABASE_URL: postgres.url, WALMQ_DASHBOARD_USERS: users };
    [named, configured] = await Promise.all([
      startDashboard({ ...common, WALMQ_DASHBOARD_PROXIES: '127.0.0.1' }),
      startDashboard({ ...common, WALMQ_DASHBOARD_BASE_PATH: `${PATH}/` }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([named.stop(), configured.stop()]);
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  interface Way {
    readonly keepsPath: boolean;
    readonly isNamed: boolean;
  }
  const proxyFor = async (
    { keepsPath, isNamed }: Way,
    more: Record<string, string> = {},
  ): Promise<ProxyServer> =>
    await startProxy({
      to: (isNamed ? named : configured).url,
      path: PATH,
      keepsPath,
      headers: { ...(isNamed ? { 'x-forwarded-prefix': PATH } : {}), ...more },
    });

  /** Signs in by the form of the page that a stranger is led to. */
  async function enter(url: string, user: 'ann' | 'bob') {
    const door = await fetch(`${url + PATH}/queues?x=1`, { headers: { accept: 'text/html' } });
    expect(door.url).toBe(`${url + PATH}/sign-in?to=%2Fqueues%3Fx%3D1`);
    const form = await door.text();
    const [, action] = /action="([^"]+)"/.exec(form)!;
    const [, to] = /name="to" value="([^"]+)"/.exec(form)!;
    const body = new URLSearchParams({ name: user, password: PASSWORD, to: to as string });
    const answer = await fetch(url + action, fromPage(url, { body, redirect: 'manual' }));
    const [cookie = ''] = answer.headers.getSetCookie();
    return { location: answer.headers.get('location'), cookie };
  }

  /** Every path that a page names, and its base, as a browser resolves them. */
  function pathsIn(markup: string, url: string): string[] {
    const base = new URL(/<base href="([^"]+)"/.exec(markup)?.[1] ?? '', url);
    const named = [
      ...markup.matchAll(/\b(?:href|src|action)="([^"#]+)"/g),
      ...markup.matchAll(/"url":"([^"]+)"/g),
    ];
    return named.map(([, path]) => new URL(path as string, base).pathname);
  }

  it.each([
    { keepsPath: false, isNamed: true },
    { keepsPath: true, isNamed: true },
    { keepsPath: false, isNamed: false },
    { keepsPath: true, isNamed: false },
  ])('leads everywhere, and nowhere beside it: %j', async way => {
    await using proxy = await proxyFor(way);
    const { url } = proxy;
    for (const user of ['ann', 'bob'] as const) {
      const { cookie: set, location } = await enter(url, user);
      expect(location).toBe(`${PATH}/queues?x=1`);
      expect(set).toMatch(new RegExp(`^walmq-session=[\\w-]+;.* Path=${PATH}; HttpOnly`));
      const cookie = set.split(';')[0] as string;
      const get = (path: string) => fetch(url + path, { headers: { cookie, accept: 'text/html' } });
      const pages = [PATH, `${PATH}/`, `${PATH}/queues`, `${PATH}/read-only/queues/`];
      const found = new Set<string>();
      for (const page of pages) {
        const answer = await get(page);
        expect([page, answer.status]).toEqual([page, 200]);
        const text = await answer.text();
        for (const path of pathsIn(text, answer.url)) found.add(path);
        expect(text).not.toContain('fonts.googleapis.com');
      }
      // The form is not to be asked for: it is posted to.
      expect([...found].filter(path => !path.startsWith(`${PATH}/`))).toEqual([]);
      for (const path of found)
        if (path !== `${PATH}/sign-out`) expect([path, (await get(path)).status]).toEqual([path, 200]);
      expect(found).toContain(`${PATH}/assets/page.css`);
      expect(found).toContain(PATH + BOARDS[user]);
      expect((await get(`${PATH + BOARDS[user]}/api/queues`)).status).toBe(200);

      const stream = await get(`${PATH}/pipeline/events`);
      expect(stream.headers.get('content-type')).toBe('text/event-stream');
      let heard = '';
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        heard += Buffer.from(chunk).toString();
        if (heard.includes('/queue/orders')) break;
      }
      expect(heard).toContain(`\\"${PATH + BOARDS[user]}/queue/orders\\"`);

      const page = await (await get(`${PATH}/`)).text();
      const token = /name="token" value="([^"]+)"/.exec(page)?.[1] as string;
      const out = await fetch(
        `${url + PATH}/sign-out`,
        fromPage(url, { body: new URLSearchParams({ token }), headers: { cookie }, redirect: 'manual' }),
      );
      expect(out.headers.get('location')).toBe(`${PATH}/sign-in`);
      expect(out.headers.getSetCookie()[0]).toContain(`Path=${PATH};`);
    }
  });

  it('lets an operator act, and nobody whose page is elsewhere', async () => {
    await using proxy = await proxyFor({ keepsPath: false, isNamed: true });
    const { url } = proxy;
    const { cookie: set } = await enter(url, 'ann');
    const cookie = set.split(';')[0] as string;
    const page = await (await fetch(`${url + PATH}/`, { headers: { cookie } })).text();
    const token = /name="walmq-token" content="([^"]+)"/.exec(page)?.[1] as string;
    const headers = { cookie, 'x-walmq-token': token, 'content-type': 'application/json' };
    const body = JSON.stringify({ group: 'none' });
    const replay = `${url + PATH}/pipeline/replay`;
    // No such failure, but the action has come to its place.
    expect((await fetch(replay, fromPage(url, { headers, body }))).status).toBe(404);
    expect((await fetch(replay, fromPage('http://evil.example', { headers, body }))).status).toBe(403);
  });

  it('marks its cookie for TLS and for its path', async () => {
    await using proxy = await proxyFor({ keepsPath: false, isNamed: true }, { 'x-forwarded-proto': 'https' });
    const { cookie } = await enter(proxy.url, 'bob');
    expect(cookie).toMatch(new RegExp(`^__Secure-walmq=.* Path=${PATH}; HttpOnly; Secure; SameSite=Strict`));
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/"><script>', '/a;b'])(
    'does not believe the prefix %s, nor any of a stranger',
    async prefix => {
      for (const [dashboard, said, base] of [
        [named, prefix, ''],
        [configured, prefix, PATH],
        [configured, '/elsewhere', PATH],
      ] as const) {
        const headers = { accept: 'text/html', 'x-forwarded-prefix': said };
        const answer = await fetch(`${dashboard.url}/queues`, { headers, redirect: 'manual' });
        expect(answer.headers.get('location')).toBe(`${base}/sign-in?to=%2Fqueues`);
      }
    },
  );

  it('answers the probes with the path and without', async () => {
    for (const probe of ['/live', '/ready', '/metrics'])
      for (const path of [probe, PATH + probe])
        expect([path, (await fetch(configured.url + path)).status]).toEqual([path, 200]);
  });

  it('does not start with a path that is none', async () => {
    const refused = spawnDashboard({ REDIS_URL: redis.url, WALMQ_DASHBOARD_BASE_PATH: '//ops' });
    await expect.poll(() => refused.child.exitCode, { timeout: 20_000 }).toBe(1);
    expect(refused.output()).toContain('WALMQ_DASHBOARD_BASE_PATH');
  });
});
