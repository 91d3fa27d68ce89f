import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { OperatorLog } from '@walmq/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedDashboard, startLogDatabase, startWithUsers, withClient } from './dashboard-fixture.js';

describe("the page of the operators' log", () => {
  let redis: EmbeddedRedis;
  let postgres: EmbeddedPostgres;
  let dashboard: StartedDashboard;
  let cookies: Readonly<Record<'mia' | 'ben', string>>;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
    const env = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
    ({ dashboard, cookies } = await startWithUsers(env, { mia: 'operator', ben: 'states' }));
    await withClient(postgres.url, async client => {
      const log = new OperatorLog(client, { onUnnoted: () => undefined });
      for (let n = 1; n <= 60; n++)
        await log.run(
          { who: n % 2 ? 'mia' : 'tom', via: 'cli', reason: '<b>price</b>' },
          {
            action: n % 3 ? 'replay' : 'correct',
            queue: 'orders',
            table: 'orders',
            key: `{"id":${n}}`,
            changeIds: [`change-${n}`],
            original: '{"after":{"total":-5}}',
          },
          async () => n,
          () => `number ${n}`,
        );
    });
  });
  afterAll(async () => {
    await dashboard.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  async function look(name: 'mia' | 'ben', path: string) {
    const headers = { cookie: cookies[name], accept: 'text/html' };
    const answer = await fetch(dashboard.url + path, { headers });
    return { status: answer.status, text: await answer.text() };
  }
  const entries = (text: string) => [...text.matchAll(/data-key="log (\d+)"/g)].map(([, id]) => Number(id));

  it('shows the newest first, page by page, without a gap', async () => {
    const first = await look('mia', '/log');
    expect(first.status).toBe(200);
    const next = /href="([^"]+)" data-key="pager next"/.exec(first.text)?.[1] as string;
    const second = await look('mia', next.replaceAll('&amp;', '&'));
    const shown = [...entries(first.text), ...entries(second.text)];
    expect(shown).toEqual(Array.from({ length: 60 }, (_, index) => 60 - index));
    expect(second.text).not.toContain('pager next');
    expect(first.text).toContain('&lt;b&gt;price&lt;/b&gt;');
    expect(first.text).not.toContain('<b>price');
  });

  it('filters, and says what cannot be a filter', async () => {
    const filtered = await look('mia', '/log?who=mia&action=correct');
    expect(entries(filtered.text)).toEqual([57, 51, 45, 39, 33, 27, 21, 15, 9, 3]);
    expect(entries((await look('mia', '/log?change=change-7')).text)).toEqual([7]);
    expect((await look('mia', '/log?since=2999-01-01T00:00')).text).toContain('The log has no such entry.');
    expect(await look('mia', '/log?since=yesterday')).toMatchObject({ status: 400 });
    expect(await look('mia', "/log?before=1'")).toMatchObject({ status: 400 });
  });

  it('shows no key, data, reason or result to those who may see states only', async () => {
    const { status, text } = await look('ben', '/log');
    expect(status).toBe(200);
    expect(entries(text)).toHaveLength(50);
    for (const hidden of ['price', '&quot;id&quot;', 'total', 'number 60'])
      expect(text).not.toContain(hidden);
    expect((await look('mia', '/log')).text).toContain('number 60');
  });

  it('says in a sentence that the log cannot be read', async () => {
    await withClient(postgres.url, client => client.query('ALTER TABLE walmq.operator_log RENAME TO away'));
    const { status, text } = await look('mia', '/log');
    await withClient(postgres.url, client => client.query('ALTER TABLE walmq.away RENAME TO operator_log'));
    expect(status).toBe(503);
    expect(text).toMatch(/OPERATOR_LOG_UNAVAILABLE.*npx walmq setup/s);
  });
});
