import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  fromPage,
  type StartedDashboard,
  startLogDatabase,
  startWithUsers,
  withClient,
} from './dashboard-fixture.js';

const ID = '00000000019F2B40-0000000001';
const JOB = `${ID}-abcdef`;
const CHANGE = `{"id":"${ID}","op":"insert","schema":"public","table":"orders","key":{"id":42},"before":null,"after":{"id":42,"total_amount":"-5.00"},"tx":{"xid":1,"lsn":"0/19F2B40","committedAt":"2026-01-31T10:00:00.000000Z","seq":1}}`;

describe('mending a change on the dashboard', () => {
  let redis: EmbeddedRedis;
  let postgres: EmbeddedPostgres;
  let dashboard: StartedDashboard;
  let queue: Queue;
  let operator: string;
  let reader: string;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
    await withClient(postgres.url, client =>
      client.query('CREATE TABLE orders (id int PRIMARY KEY, total_amount numeric(12,2))'),
    );
    const env = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
    const started = await startWithUsers(env, { mia: 'operator', ben: 'read-only' });
    dashboard = started.dashboard;
    ({ mia: operator, ben: reader } = started.cookies);
    queue = new Queue('orders', { connection: { url: redis.url } });
    await queue.add('insert', JSON.parse(CHANGE), { jobId: JOB });
    const worker = new Worker(
      'orders',
      async () => {
        throw new UnrecoverableError('negative');
      },
      { connection: { url: redis.url } },
    );
    await vi.waitUntil(async () => (await queue.getFailedCount()) === 1);
    await worker.close();
  });
  afterAll(async () => {
    await queue.close();
    await dashboard.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  const get = async (path: string, cookie: string) => {
    const answer = await fetch(dashboard.url + path, { headers: { cookie, accept: 'text/html' } });
    return { status: answer.status, text: await answer.text() };
  };
  const token = async (cookie: string) =>
    /name="walmq-token" content="([^"]+)"/.exec((await get('/log', cookie)).text)?.[1] as string;
  const hand = async (given: string, cookie: string, more: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      queue: 'orders',
      job: JOB,
      original: CHANGE,
      given,
      token: await token(cookie),
      ...more,
    });
    const answer = await fetch(
      `${dashboard.url}/mend/correct`,
      fromPage(dashboard.url, { body, headers: { cookie } }),
    );
    return { status: answer.status, text: await answer.text() };
  };
  const press = async (path: string, body: object) => {
    const headers = {
      cookie: operator,
      'content-type': 'application/json',
      'x-walmq-token': await token(operator),
    };
    const answer = await fetch(
      dashboard.url + path,
      fromPage(dashboard.url, { body: JSON.stringify(body), headers }),
    );
    return (await answer.json()) as { readonly text?: string; readonly message?: string };
  };

  it('offers the buttons to an operator alone', async () => {
    const path = `/row?change=${JOB}`;
    const page = await get(path, operator);
    for (const action of ['/mend/replay', '/mend/discard', '/mend/correct'])
      expect(page.text).toContain(action);
    expect((await get(path, reader)).text).not.toContain('/mend/');
    expect((await get('/row?table=orders&key=42', operator)).text).toContain('/mend/pause-key');
    expect((await get(`/mend/correct?queue=orders&job=${JOB}`, reader)).status).toBe(403);
  });

  it('refuses a correction that is none, from somebody else, or without the token', async () => {
    const wrong = await hand(CHANGE.replace('"total_amount":"-5.00"', '"total_amount":5'), operator);
    expect([wrong.status, wrong.text]).toEqual([409, expect.stringContaining('was a string')]);
    const right = CHANGE.replace('-5.00', '5.00');
    expect((await hand(right, reader)).status).toBe(403);
    expect((await hand(right, operator, { token: 'none' })).status).toBe(403);
    expect((await hand(right, operator, { original: right })).status).toBe(409);
    expect(await queue.getFailedCount()).toBe(1);
  });

  it('pauses and resumes the row, and hands on the corrected copy', async () => {
    const row = { queue: 'orders', table: 'orders', key: ['42'] };
    expect(await press('/mend/pause-key/preview', row)).toMatchObject({ confirm: 'Pause' });
    expect(await press('/mend/pause-key', row)).toMatchObject({ text: expect.stringContaining('Paused.') });
    expect(await press('/mend/resume-key', row)).toEqual({ text: 'Resumed.' });
    expect(await press('/mend/pause-key', { ...row, key: ['x'] })).toMatchObject({
      message: expect.stringContaining('KEY_INVALID'),
    });
    const done = await hand(CHANGE.replace('-5.00', '5.00'), operator, { reason: 'a typing error' });
    expect([done.status, done.text]).toEqual([
      200,
      expect.stringContaining('Corrected after.total_amount. It runs again.'),
    ]);
    expect(await queue.getJobState(JOB)).toBe('waiting');
    expect((await queue.getJob(JOB))?.data).toMatchObject({
      after: { total_amount: '5.00' },
      corrected: { by: 'mia' },
    });
    const { text } = await get('/log?who=mia', operator);
    for (const logged of ['pause-key', 'resume-key', 'correct', 'a typing error', '-5.00'])
      expect(text).toContain(logged);
  });
});
