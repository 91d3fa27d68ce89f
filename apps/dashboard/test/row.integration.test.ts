import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fromPage, type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';
const SECRET = 'ada@secret.example';
/** In a masked column, and in no handler's words. */
const MASKED = 'bob@masked.example';
/** What an operator puts into a change. */
const CORRECTED = 'handed-on';

/**
 * The shop's table in four queues: one masks the address, one is ordered by it too, one has no worker and takes updates only, and the
 * queue of the audit log takes whole rows, also those of the operators' log.
 */
const CONFIG = `export default {
  queues: {
    audit: { tables: ['orders', 'walmq.operator_log'], attempts: 1 },
    orders: { table: 'orders', attempts: 1, mask: { customer_email: 'redact' } },
    customers: { table: 'orders', orderBy: 'customer_email', mask: { customer_email: 'redact' }, operations: ['delete'] },
    notices: { table: 'orders', columns: ['id', 'status'], operations: ['update'] },
  },
};`;

function unescaped(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

describe('the page of a row', () => {
  let pipeline: TestPipeline;
  let dashboard: StartedDashboard;
  let folder: string;
  let id: number;
  let other: number;
  let failed: string;
  let audit: Queue;
  /** A change of the same row, in the queue of the audit log. */
  let audited: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-row-'));
    const config = join(folder, 'walmq.config.mjs');
    await writeFile(config, CONFIG);
    const lines = await Promise.all(
      (['operator', 'read-only', 'states'] as const).map(role => userLine(role, role, PASSWORD)),
    );
    pipeline = await TestPipeline.create({ env: { WALMQ_CONFIG: config }, setup: ['--audit'] });
    audit = new Queue('audit', { connection: { url: pipeline.redis.url } });
    pipeline.startCapture({ WALMQ_CONFIG: config });
    pipeline.work('orders', async job => {
      if (job.name === 'update') throw new Error(`no mail to ${SECRET}`);
      return { mailed: SECRET };
    });
    // The log's queue holds whole rows; its changes stay, as failed ones.
    pipeline.work('audit', async () => {
      throw new Error('the log is full');
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
      WALMQ_DISCARDED: folder,
    });
    await vi.waitUntil(async () => (await audit.getFailedCount()) === 2, { timeout: 30_000 });
    audited = (await audit.getFailed()).find(({ data }) => data.key.id === other)?.id as string;
    await leaveTracks();
  });
  afterAll(async () => {
    await dashboard?.stop();
    await audit?.close();
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

  async function act(name: string, path: string, init: RequestInit & { headers?: Record<string, string> }) {
    const answer = await fetch(
      dashboard.url + path,
      fromPage(dashboard.url, { ...init, headers: { ...init.headers, cookie: cookies.get(name) as string } }),
    );
    return { status: answer.status, text: await answer.text() };
  }

  function press(name: string, path: string, body: object, token: string) {
    const headers = { 'content-type': 'application/json', 'x-walmq-token': token };
    return act(name, path, { headers, body: JSON.stringify(body) });
  }

  /** An operator corrects the failed change, which fails again, and repeats its copy in the log's queue: entries with whole changes. */
  async function leaveTracks(): Promise<void> {
    const { page } = await show('operator', `/mend/correct?queue=orders&job=${failed}`);
    const token = /name="walmq-token" content="([^"]+)"/.exec(page)?.[1] as string;
    const original = unescaped(/<textarea name="original" hidden>\n([^<]*)/.exec(page)?.[1] as string);
    const given = original.replaceAll('"status":"paid"', `"status":"${CORRECTED}"`);
    const body = new URLSearchParams({
      queue: 'orders',
      job: failed,
      original,
      given,
      token,
      reason: 'typing error',
    });
    expect(await act('operator', '/mend/correct', { body })).toMatchObject({ status: 200 });
    await vi.waitUntil(async () => (await pipeline.orders.getFailedCount()) === 2, { timeout: 30_000 });
    expect(
      await act('operator', `/queues/api/queues/audit/${audited}/retry`, { method: 'PUT' }),
    ).toMatchObject({
      status: 204,
    });
    const row = { queue: 'audit', table: 'orders', key: [` 0${id}`] };
    expect(await press('operator', '/mend/pause-key', row, token)).toMatchObject({ status: 200 });
    // The entries of all four actions have come through the log's queue.
    const entries = async () => (await audit.getFailed()).filter(({ data }) => data.table === 'operator_log');
    await vi.waitUntil(async () => (await entries()).length === 4, { timeout: 30_000 });
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
    ...logQuestions(),
  ];

  /** Whole rows are in the queue of the audit log, in what operators did to it, and in their log's own changes there. */
  const logQuestions = () => [
    '/log?queue=audit',
    '/log?action=correct',
    '/log?action=retry',
    '/row?table=walmq.operator_log&key=1',
    '/row?table=walmq.operator_log&key=3',
    '/search?table=walmq.operator_log',
    `/search?queue=audit&text=${encodeURIComponent(MASKED)}`,
    `/search?queue=audit&key=${encodeURIComponent(`customer_email=${MASKED}`)}`,
    `/mend/correct?queue=audit&job=${audited}`,
    ...['', '/read-only'].flatMap(board => [
      `${board}/queues/api/queues/audit/${audited}`,
      `${board}/queues/api/queues/audit/${audited}/flow`,
      `${board}/queues/api/queues/audit/${audited}/logs`,
      `${board}/queues/api/queues?activeQueue=audit&status=failed&page=1`,
      `${board}/queues/api/queues?activeQueue=audit&status=latest&page=1`,
    ]),
  ];

  it('shows a corrected change to who may see rows, and lets nobody find a masked value by searching', async () => {
    for (const name of ['operator', 'read-only']) {
      expect((await show(name, '/log?action=correct')).page).toContain(CORRECTED);
      const { page } = await show(name, `/search?text=${encodeURIComponent(MASKED)}`);
      expect(page).toContain('No failed change matches');
      expect((await show(name, `/read-only/queues/api/queues/audit/${audited}`)).page).toContain('[hidden]');
    }
    const { status, page } = await show('operator', `/mend/correct?queue=audit&job=${audited}`);
    expect([status, page]).toEqual([404, expect.stringContaining('takes whole rows')]);
  });

  it('shows a masked value to nobody, on no page and however it is asked for', async () => {
    for (const name of ['operator', 'read-only', 'states'])
      for (const path of questions()) {
        const { page } = await show(name, path);
        // The question itself is repeated in its field.
        expect(page.replaceAll(/ value="[^"]*"/g, ''), `${name} ${path}`).not.toContain(MASKED);
      }
  });

  it('shows no row, key or reason on any page to somebody who may see states only', async () => {
    for (const path of questions()) {
      const { page } = await show('states', path);
      const hiding = [
        SECRET,
        CORRECTED,
        'typing error',
        '[redacted]',
        '"customer_email"',
        'customer_email&quot;',
      ];
      for (const hidden of hiding) expect(page, path).not.toContain(hidden);
    }
  });

  it('names a paused key to who may see rows, and to nobody else', async () => {
    const named = `a paused key: orders id=${id}`;
    await vi.waitUntil(async () => (await show('read-only', '/')).page.includes(named), { timeout: 30_000 });
    const { page } = await show('states', '/');
    expect(page).toContain('a paused key: a key for');
    expect(page).not.toContain(`orders id=${id}`);
  });

  it('confirms no guess of a hidden value', async () => {
    const asked = (email: string) => `/row?table=orders&key=${other}&orderKey=${encodeURIComponent(email)}`;
    for (const name of ['read-only', 'states'])
      for (const guess of [MASKED, 'nobody@masked.example'])
        expect(await show(name, asked(guess))).toEqual({
          status: 400,
          page: expect.stringContaining('hides customer_email of orders, so rows are not found by its value'),
        });
    expect((await show('operator', asked(MASKED))).status).toBe(200);
  });

  it('lets nobody but an operator act, and says who did what to the change', async () => {
    const page = await show('operator', `/row?table=orders&key=${other}`);
    const token = /name="walmq-token" content="([^"]+)"/.exec(page.page)?.[1] as string;
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
        expect(await press(name, path, body, token), `${name} ${path}`).toMatchObject({ status: 403 });
    expect(await pipeline.orders.getFailedCount()).toBe(2);

    expect(await press('operator', '/mend/pause-key', row, token)).toMatchObject({ status: 200 });
    expect(await press('operator', '/mend/discard', change, token)).toMatchObject({ status: 200 });
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
