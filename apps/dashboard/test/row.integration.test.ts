import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';
const SECRET = 'ada@secret.example';

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
    await vi.waitUntil(async () => (await pipeline.orders.getFailedCount()) === 1, { timeout: 30_000 });
    dashboard = await startDashboard({
      ...pipeline.env,
      WALMQ_CONFIG: config,
      WALMQ_DASHBOARD_USERS: lines.join(','),
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
