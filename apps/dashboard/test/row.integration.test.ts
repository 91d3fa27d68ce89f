import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';
const SECRET = 'ada@secret.example';
/** In a masked column, and in no handler's words. */
const MASKED = 'bob@masked.example';

/** The shop's table in two queues: one masks the address, the other one has no worker and takes updates only. */
const CONFIG = `export default {
  queues: {
    orders: { table: 'orders', attempts: 1, mask: { customer_email: 'redact' } },
    notices: { table: 'orders', columns: ['id', 'status'], operations: ['update'] },
  },
};`;

describe('the page of a row', () => {
  let pipeline: TestPipeline;
  let dashboard: StartedDashboard;
  let folder: string;
  let id: number;
  let other: number;
  let failed: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-row-'));
    const config = join(folder, 'walmq.config.mjs');
    await writeFile(config, CONFIG);
    const lines = await Promise.all(
      (['operator', 'read-only', 'states'] as const).map(role => userLine(role, role, PASSWORD)),
    );
    pipeline = await TestPipeline.create();
    pipeline.startCapture({ WALMQ_CONFIG: config });
    pipeline.work('orders', async job => {
      if (job.name === 'update') throw new Error(`no mail to ${SECRET}`);
      return { mailed: SECRET };
    });
    id = await pipeline.order(SECRET);
    await pipeline.client.query("UPDATE orders SET status = 'paid' WHERE id = $1", [id]);
    other = await pipeline.order(MASKED);
    await pipeline.client.query("UPDATE orders SET status = 'paid' WHERE id = $1", [other]);
    await vi.waitUntil(async () => (await pipeline.orders.getFailedCount()) === 2, { timeout: 30_000 });
    failed = (await pipeline.orders.getFailed()).find(({ data }) => data.key.id === other)?.id as string;
    dashboard = await startDashboard({
      ...pipeline.env,
      WALMQ_CONFIG: config,
      WALMQ_DASHBOARD_USERS: lines.join(','),
      WALMQ_DASHBOARD_DISCARDED: folder,
    });
  });
  afterAll(async () => {
    await dashboard?.stop();
    await pipeline?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** One session per user: an address has few attempts to sign in. */
  const cookies = new Map<string, string>();

  async function show(name: string, path: string): Promise<{ status: number; page: string }> {
    const cookie = cookies.get(name) ?? ((await signIn(dashboard.url, name, PASSWORD)) as string);
    cookies.set(name, cookie);
    const answer = await fetch(dashboard.url + path, { headers: { cookie } });
    return { status: answer.status, page: await answer.text() };
  }

  it('shows each change with its state in every queue, and leads to Bull Board at the very job', async () => {
    const { status, page } = await show('operator', `/row?table=orders&key=${id}`);
    expect(status).toBe(200);
    expect(page).toContain(`orders ${id} · Row`);
    expect(page).toMatch(/Queue orders: <strong class="state">completed/);
    expect(page).toMatch(/Queue orders: <strong class="state">failed/);
    expect(page).toMatch(/Queue notices: <strong class="state">waiting/);
    expect(page).toMatch(/Queue notices: <strong class="state">not-taken/);
    expect(page).toMatch(/href="\/queues\/queue\/orders\/[0-9A-F]{16}-\d{10}-[0-9a-f]{6}"/);
    expect(page).toContain('paid');
    const { page: readOnly } = await show('read-only', `/row?table=orders&key=${id}`);
    expect(readOnly).toMatch(/href="\/read-only\/queues\/queue\/orders\//);
  });

  it('shows rows as their queue masks them, to everybody', async () => {
    for (const name of ['operator', 'read-only']) {
      const { page } = await show(name, `/row?table=orders&key=${id}`);
      // What the handler itself said of the row is the handler's: its reason and its result.
      const rows = page.replaceAll(/<span class="reason">[^<]*|<dt>Result<\/dt><dd>.*?<\/dd>/g, '');
      expect(rows).toContain('[redacted]');
      expect(rows).not.toContain(SECRET);
    }
  });

  it('shows states without data to somebody who may not see rows', async () => {
    for (const path of [`/row?table=orders&key=${id}`, `/row?key=${id}&table=orders&by=change`]) {
      const { status, page } = await show('states', path);
      expect(status).toBe(200);
      expect(page).toMatch(/Queue orders: <strong class="state">failed/);
      for (const hidden of [SECRET, 'paid', 'customer_email', '[redacted]', '/queue/orders'])
        expect(page, hidden).not.toContain(hidden);
    }
  });

  /** Every page and every question about a row that a viewer can ask, also in an encoded form. */
  const questions = () => [
    '/',
    `/row?table=orders&key=${other}`,
    `/%72ow?table=orders&key=${other}`,
    `/row?change=${failed}`,
    `/row?change=${failed.slice(0, 27)}`,
    `/row/?table=orders&key=${other}`,
    `/search?key=${other}`,
    `/search?text=${encodeURIComponent(MASKED)}`,
    `/search?state=parked&key=${other}`,
    `/search?state=waiting&table=orders&key=${other}`,
    `/log?change=${failed.slice(0, 27)}`,
    '/log',
    '/%6cog',
    `/mend/correct?queue=orders&job=${failed}`,
    `/mend/%63orrect?queue=orders&job=${failed}`,
    `/queues/queue/orders/${failed}`,
    `/queues/api/queues/orders/${failed}`,
    '/queues/api/queues?activeQueue=orders&status=failed',
    `/queues/%2e%2e/mend/correct?queue=orders&job=${failed}`,
    `/read-only/queues/api/queues/orders/${failed}`,
    `/read-only/queues/api/queues/orders/${failed}/logs`,
    '/read-only/queues/api/queues?activeQueue=orders&status=failed&page=1',
    `/read-only%2fqueues/api/queues/orders/${failed}`,
  ];

  it('shows a masked value to nobody, on no page and however it is asked for', async () => {
    for (const name of ['operator', 'read-only', 'states'])
      for (const path of questions()) {
        const { page } = await show(name, path);
        // The question itself is repeated in its field.
        expect(page.replaceAll(`value="${MASKED}"`, ''), `${name} ${path}`).not.toContain(MASKED);
      }
  });

  it('shows no row, key or reason on any page to somebody who may see states only', async () => {
    for (const path of questions()) {
      const { page } = await show('states', path);
      for (const hidden of [SECRET, '[redacted]', '"customer_email"', 'customer_email&quot;'])
        expect(page, path).not.toContain(hidden);
    }
  });

  it('lets nobody but an operator act, and says who did what to the change', async () => {
    const page = await show('operator', `/row?table=orders&key=${other}`);
    const token = /name="walmq-token" content="([^"]+)"/.exec(page.page)?.[1] as string;
    const act = async (name: string, path: string, body: object) => {
      const headers = {
        cookie: cookies.get(name) as string,
        origin: dashboard.url,
        'content-type': 'application/json',
        'x-walmq-token': token,
      };
      const answer = await fetch(dashboard.url + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const change = { queue: 'orders', job: failed };
    const row = { queue: 'notices', table: 'orders', key: [String(other)] };
    for (const name of ['read-only', 'states'])
      for (const [path, body] of [
        ['/mend/discard', change],
        ['/mend/discard/preview', change],
        ['/mend/replay', change],
        ['/mend/%64iscard', change],
        ['/mend/correct', change],
        ['/mend/pause-key', row],
        ['/mend/resume-key', row],
      ] as const)
        expect(await act(name, path, body), `${name} ${path}`).toMatchObject({ status: 403 });
    expect(await pipeline.orders.getFailedCount()).toBe(2);

    expect(await act('operator', '/mend/pause-key', row)).toMatchObject({ status: 200 });
    expect(await act('operator', '/mend/discard', change)).toMatchObject({ status: 200 });
    for (const path of [`/row?table=orders&key=${other}`, `/row?change=${failed}`]) {
      const { page: after } = await show('read-only', path);
      expect(after).toMatch(/Queue orders: <strong class="state">gone/);
      expect(after).toMatch(/operator discarded it at 20[^ ]+Z \(dashboard\)/);
      expect(after).toMatch(/Queue notices: <strong class="state">parked/);
      expect(after).toMatch(/a pause of its key, since .* by operator/);
      expect(after).toContain('1 change discarded');
    }
    const { page: bare } = await show('states', `/row?change=${failed}`);
    expect(bare).toContain('operator discarded it at');
    expect(bare).not.toContain('1 change discarded');
  });

  it.each([
    ['/row?table=ordes&key=1', 400, 'no queue takes the table ordes. Did you mean &quot;orders&quot;?'],
    ['/row?table=orders&key=abc', 400, '&quot;abc&quot; is no integer'],
    ['/row?table=orders&key=1&key=2', 400, 'the key of orders is (id), and 2 values were given'],
    ['/row?change=42', 400, '&quot;42&quot; is no id of a change'],
    ['/row?by=lsn&value=0-1', 400, '&quot;0-1&quot; is no LSN'],
    ['/row?table=orders&key=99999', 200, 'Nothing is known'],
    ['/row?table=%3Cscript%3E&key=1', 400, '&lt;script&gt;'],
    ['/row', 200, 'Name a table and a key'],
  ])('%s: %i, with a sentence', async (path, expected, sentence) => {
    const { status, page } = await show('read-only', path);
    expect(status).toBe(expected);
    expect(page).toContain(sentence);
  });
});
