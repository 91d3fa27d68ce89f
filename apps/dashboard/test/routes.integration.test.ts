import { once } from 'node:events';
import { request } from 'node:http';
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';

const PASSWORD = 'correct horse battery';
const BOARDS = ['/queues', '/read-only/queues'];
/** Our own. */
const ACTIONS = ['replay', 'discard'].flatMap(action => [
  `/pipeline/${action}`,
  `/pipeline/${action}/preview`,
]);

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Every route of the installed Bull Board, with a queue and a job in it. */
const routes = appRoutes.api.flatMap(({ method, route }) =>
  [method].flat().flatMap(verb =>
    [route].flat().map(path => ({
      method: verb.toUpperCase(),
      path: path
        .replace(':queueName', 'orders')
        .replace(':jobId', 'w-1')
        .replace(':queueStatus', 'failed')
        .replace(':schedulerId', 'none'),
    })),
  ),
);
const writes = routes.filter(({ method }) => method !== 'GET');
const reads = routes.filter(({ method }) => method === 'GET');

/** Ways to write one path that a guard and a router may read differently. */
function spellings(path: string): string[] {
  const [, first = '', ...rest] = path.split('/');
  return [
    path,
    `${path}/`,
    `/${path}`,
    `/${first}%2F${rest.join('/')}`,
    `/${first}/${rest.join('%2f')}`,
    `/${first}//${rest.join('/')}`,
    `/./${first}/${rest.join('/')}`,
    `/assets/../${first}/${rest.join('/')}`,
    `/live/../${first}/${rest.join('/')}`,
    `/live;/../${first}/${rest.join('/')}`,
    `/%71${first.slice(1)}/${rest.join('/')}`,
    path.toUpperCase(),
    `${path}?x=/live`,
    `${path}%00`,
    `${path}%0d%0aX-Injected:1`,
  ];
}

describe('every route, for who may not use it', () => {
  let redis: EmbeddedRedis;
  let client: Redis;
  let queue: Queue;
  let dashboard: StartedDashboard;
  let readOnly: string;
  let operator: string;

  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
    queue = new Queue('orders', { connection: { url: redis.url } });
    await queue.add('insert', { id: 'x' }, { jobId: 'w-1', delay: 3_600_000 });
    dashboard = await startDashboard({
      REDIS_URL: redis.url,
      WALMQ_HOST: '0.0.0.0',
      WALMQ_DASHBOARD_USERS: `${await userLine('ann', 'operator', PASSWORD)},${await userLine('bob', 'read-only', PASSWORD)}`,
    });
    readOnly = String(await signIn(dashboard.url, 'bob', PASSWORD));
    operator = String(await signIn(dashboard.url, 'ann', PASSWORD));
  });
  afterAll(async () => {
    await dashboard.stop();
    await queue.close();
    client.disconnect();
    await redis.stop();
  });

  /** As it stands: no client of ours tidies the path up. */
  async function send({ method, path, headers = {} }: Sent): Promise<Answer> {
    const { hostname, port, origin } = new URL(dashboard.url);
    // A connection each: what is malformed closes its own.
    const sent = request({ hostname, port, method, path, agent: false, headers: { origin, ...headers } });
    sent.end(method === 'GET' || method === 'HEAD' ? undefined : '{}');
    const [answer] = (await once(sent, 'response')) as [
      { statusCode: number; headers: Answer['headers'] } & AsyncIterable<Buffer>,
    ];
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, headers: answer.headers, text };
  }

  /** Everything in Redis but what changes by being looked at. */
  async function everything(): Promise<Record<string, string>> {
    const keys = (await client.keys('*')).sort();
    const dumps = await Promise.all(keys.map(async key => [key, String(await client.dump(key))] as const));
    return Object.fromEntries(dumps);
  }

  const asJson = { 'content-type': 'application/json' };

  it('there are as many as we think', () => {
    expect(writes.length).toBeGreaterThan(20);
    expect(reads.length).toBeGreaterThan(8);
  });

  it('a read-only user changes nothing, by whatever spelling, method or header', async () => {
    const before = await everything();
    const paths = [
      ...BOARDS.flatMap(board => writes.map(({ method, path }) => ({ method, path: board + path }))),
      ...ACTIONS.map(path => ({ method: 'POST', path })),
    ];
    for (const { method, path } of paths)
      for (const spelling of path.endsWith('/pause') ? spellings(path) : [path]) {
        const { status } = await send({ method, path: spelling, headers: { ...asJson, cookie: readOnly } });
        expect({ spelling, status }).toEqual({ spelling, status: expect.toBeOneOf([400, 403]) });
      }
    for (const method of ['POST', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY', 'LOCK', 'HEAD', 'OPTIONS', 'GET']) {
      const overriding = { 'x-http-method-override': 'PUT', 'x-method-override': 'PUT', _method: 'PUT' };
      const path = '/queues/api/queues/orders/pause';
      const { status } = await send({
        method,
        path: `${path}?_method=PUT`,
        headers: { cookie: readOnly, ...overriding },
      });
      expect({ method, status }).toEqual({ method, status: expect.toBeOneOf([302, 400, 403, 404]) });
    }
    expect(await everything()).toEqual(before);
  });

  it('a read-only user may read, which changes nothing either', async () => {
    const before = await everything();
    for (const { path } of reads) {
      const { status } = await send({
        method: 'GET',
        path: `/read-only/queues${path}`,
        headers: { cookie: readOnly },
      });
      expect({ path, status }).toEqual({ path, status: expect.toBeOneOf([200, 404]) });
    }
    expect(await everything()).toEqual(before);
  });

  it('a stranger gets neither an action nor a look, nor the stream of the page', async () => {
    const before = await everything();
    const paths = BOARDS.flatMap(board => routes.map(({ method, path }) => ({ method, path: board + path })));
    for (const { method, path } of [
      ...paths,
      ...ACTIONS.map(path => ({ method: 'POST', path })),
      ...[
        '/',
        '/pipeline/events',
        '/pipeline/events/',
        '/PIPELINE/EVENTS',
        '/%70ipeline/events',
        '/queues/static/js/main.js',
      ].map(path => ({ method: 'GET', path })),
      ...spellings('/queues/api/queues').map(path => ({ method: 'GET', path })),
      { method: 'HEAD', path: '/pipeline/events' },
      { method: 'OPTIONS', path: '/queues/api/queues' },
    ]) {
      const { status } = await send({ method, path });
      expect({ method, path, status }).toEqual({ method, path, status: expect.toBeOneOf([400, 401]) });
    }
    expect(await everything()).toEqual(before);
  });

  it('an operator too acts from a page of the dashboard alone, with its token on our own', async () => {
    const before = await everything();
    for (const { method, path } of writes) {
      const headers = { ...asJson, cookie: operator };
      const foreign = { ...headers, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      expect((await send({ method, path: `/queues${path}`, headers: foreign })).status, path).toBe(403);
      // A form of another page, whose browser sends no origin but says so.
      expect(
        (await send({ method, path: `/queues${path}`, headers: { ...headers, origin: 'null' } })).status,
      ).toBe(403);
    }
    for (const path of ACTIONS)
      for (const token of [undefined, '', 'made-up', 'x'.repeat(43)]) {
        const headers = {
          ...asJson,
          cookie: operator,
          ...(token === undefined ? {} : { 'x-walmq-token': token }),
        };
        expect((await send({ method: 'POST', path, headers })).status, `${path} ${token}`).toBe(403);
      }
    expect(await everything()).toEqual(before);
  });

  it.each([
    '/assets/../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/package.json',
    '/assets/....//package.json',
    '/assets/page.css%00.json',
    '/queues/static/../../../../package.json',
    '/queues/static/..%2f..%2f..%2f..%2fpackage.json',
    '/queues/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/queues/static/..\\..\\..\\package.json',
    '/queues/static//etc/passwd',
  ])('%s leads to no file beside the assets', async path => {
    const { status, text } = await send({ method: 'GET', path, headers: { cookie: operator } });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/"name": "|root:/);
  });

  it('takes no session from outside, and gives a new one at every sign-in', async () => {
    const planted = 'A'.repeat(43);
    const body = new URLSearchParams({ name: 'bob', password: PASSWORD, to: '/' });
    const answer = await fetch(`${dashboard.url}/sign-in`, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { origin: dashboard.url, cookie: `walmq-session=${planted}` },
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^walmq-session=[\w-]{43};/);
    expect(cookie).not.toContain(planted);
    expect(cookie.split(';')[0]).not.toBe(readOnly);
    const events = { method: 'GET', path: '/queues/api/queues' };
    expect((await send({ ...events, headers: { cookie: `walmq-session=${planted}` } })).status).toBe(401);
    // Nor by the name that belongs to https, nor beside a real one of another name.
    const value = readOnly.split('=')[1] as string;
    expect((await send({ ...events, headers: { cookie: `__Host-walmq=${value}` } })).status).toBe(401);
    expect((await send({ ...events, headers: { cookie: `WALMQ-SESSION=${value}` } })).status).toBe(401);
  });

  it.each([
    '/\r\nSet-Cookie: x=1',
    '/%0d%0aSet-Cookie:%20x=1',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/\tevil',
  ])('leads from the sign-in to %j on no other site and into no header', async to => {
    const body = new URLSearchParams({ name: 'bob', password: PASSWORD, to });
    const answer = await fetch(`${dashboard.url}/sign-in`, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { origin: dashboard.url, 'x-forwarded-for': '192.0.2.9' },
    });
    // The address' tries may have run out by then, which leads nowhere either.
    expect(answer.status).toBeOneOf([303, 429]);
    const location = answer.headers.get('location') ?? '/';
    expect(new URL(location, dashboard.url).origin).toBe(dashboard.url);
    expect(answer.headers.getSetCookie().join()).not.toContain('x=1');
  });

  it('counts tries by the address that connects, whatever it claims to be', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 14; tries += 1) {
      const answer = await fetch(`${dashboard.url}/sign-in`, {
        method: 'POST',
        body: new URLSearchParams({ name: 'ann', password: `guess ${tries}` }),
        headers: {
          origin: dashboard.url,
          'x-forwarded-for': `192.0.2.${tries}`,
          'x-real-ip': `192.0.2.${tries}`,
        },
      });
      statuses.push(answer.status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  it('says nothing of who runs it or what it runs on', async () => {
    const { headers, text } = await send({ method: 'GET', path: '/sign-in' });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
    expect(text).not.toMatch(/fastify|node_modules|\/apps\//i);
  });
});
