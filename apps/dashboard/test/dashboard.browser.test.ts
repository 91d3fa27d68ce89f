import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '@walmq/change';
import { Recorder } from '@walmq/figures';
import { type Job, UnrecoverableError } from 'bullmq';
import { Redis } from 'ioredis';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../src/chromium.js';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { openPage, violations } from './page-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';

let browser: Browser;
let pipeline: TestPipeline;
let dashboard: StartedDashboard;
/** Where discarded changes are kept. */
let folder: string;
/** Signed in once: more than a few attempts a minute are refused. */
const sessions = new Map<string, string>();

beforeAll(async () => {
  [browser, pipeline] = await Promise.all([launchChromium(), TestPipeline.create()]);
  const users = await Promise.all([
    userLine('ann', 'operator', PASSWORD),
    userLine('bob', 'read-only', PASSWORD),
  ]);
  folder = await mkdtemp(join(tmpdir(), 'walmq-discarded-'));
  dashboard = await startDashboard({
    ...pipeline.env,
    WALMQ_DASHBOARD_USERS: users.join(','),
    WALMQ_DISCARDED: folder,
  });
  for (const name of ['ann', 'bob']) sessions.set(name, String(await signIn(dashboard.url, name, PASSWORD)));
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true });
});

/** The page as a user sees it who has signed in. */
async function openAs(name: string, session: string | undefined = sessions.get(name)) {
  const opened = await openPage(browser);
  const [cookie = '', value = ''] = session?.split('=') ?? [];
  await opened.page.context().addCookies([{ name: cookie, value, url: dashboard.url }]);
  await opened.page.goto(dashboard.url);
  await opened.page.getByRole('heading', { name: 'The way of the data' }).waitFor();
  return opened;
}

describe('signing in', () => {
  it('can be done with the keyboard alone, says what is wrong, and keeps nobody out', async () => {
    await using opened = await openPage(browser);
    const { page } = opened;
    await page.goto(`${dashboard.url}/`);
    expect(page.url()).toContain('/sign-in?to=%2F');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.type('ann');
    await page.keyboard.press('Tab');
    await page.keyboard.type('not it');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe('Name or password is wrong.');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('ann · operator').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    // The refused sign-in was answered with 401, which browsers note.
    expect(opened.complaints.filter(text => !text.includes('401'))).toEqual([]);
  });
});

describe('the pipeline page', () => {
  it('says that nothing runs yet, and shows capture as soon as it runs', async () => {
    await using opened = await openAs('ann');
    const { page } = opened;
    await page.getByRole('heading', { name: 'Nothing runs yet' }).waitFor();
    expect(await page.locator('#verdicts').textContent()).toContain('npx walmq capture');
    pipeline.startCapture();
    await page.getByText('Streams', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'All is well' }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  it('shows changes on their way, live', async () => {
    await using opened = await openAs('ann');
    const { page } = opened;
    const row = page.getByRole('row', { name: /^orders / });
    await row.waitFor();
    await pipeline.order('first@example.com');
    await row.getByRole('cell').first().getByText('1', { exact: true }).waitFor();
    await page.getByText('WORKERS_MISSING').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  it('explains a column to the pointer, the keyboard and a screen reader', async () => {
    await using opened = await openAs('bob');
    const { page } = opened;
    const parked = page.getByRole('button', { name: 'Parked', exact: true });
    const text = page.getByText('wait for an earlier change of their key');
    await parked.hover();
    await text.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await text.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Delayed', exact: true }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await text.waitFor();
    const description = await parked.getAttribute('aria-describedby');
    expect(await page.locator(`#${description}`).textContent()).toBe(await text.textContent());
    expect(opened.complaints).toEqual([]);
  });

  it('shows what workers have counted, also before the dashboard started', async () => {
    const redis = new Redis(pipeline.redis.url);
    await redis.ping();
    const recorder = new Recorder({
      redis,
      place: { prefix: 'bull', name: 'orders' },
      onLost: error => expect.unreachable(error.message),
    });
    for (let count = 0; count < 1500; count += 1) recorder.done({ durationMs: 5, latencyMs: 2000 });
    await recorder.close();
    redis.disconnect();
    await using opened = await openAs('bob');
    const { page } = opened;
    const row = page.getByRole('row', { name: /^orders, hour / });
    await row.getByText('1,500').waitFor();
    expect(await row.getByText(/^2 s$/).count()).toBe(3);
    expect(await violations(page)).toEqual([]);
  });

  it('shows a backfill until it has ended', async () => {
    await using opened = await openAs('bob');
    const { page } = opened;
    await page.setViewportSize({ width: 360, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    const section = page.getByRole('region', { name: 'Backfills' }).first();
    await page.getByText('live', { exact: true }).waitFor();
    expect(await section.count()).toBe(0);
    await pipeline.client.query(
      `INSERT INTO walmq.backfill (slot, queue, table_schema, table_name, status, rows_expected, rows_read, started_at)
       VALUES ('walmq', 'orders', 'shop', 'orders', 'paused', 2000, 500, now())`,
    );
    await section.getByRole('progressbar', { name: /rows read/ }).waitFor();
    await page.getByText('BACKFILL_PAUSED').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await violations(page)).toEqual([]);
    await pipeline.client.query("UPDATE walmq.backfill SET status = 'cancelled'");
    await section.waitFor({ state: 'detached' });
    expect(opened.complaints).toEqual([]);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)(
    'can be read in %s at %i pixels: nothing overflows, nothing lacks contrast',
    async (colorScheme, width) => {
      await using opened = await openAs('bob');
      const { page } = opened;
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(await violations(page)).toEqual([]);
    },
  );

  it('says when the connection is lost, and goes on by itself when the dashboard is back', async () => {
    const first = await startDashboard(pipeline.env);
    const { port } = new URL(first.url);
    await using opened = await openPage(browser);
    const { page } = opened;
    await page.goto(first.url);
    await page.getByText('live', { exact: true }).waitFor();
    await first.stop();
    await page.getByText('connection lost, trying again').waitFor();
    const second = await startDashboard({ ...pipeline.env, WALMQ_PORT: port });
    await page.getByText('live', { exact: true }).waitFor();
    await second.stop();
  });

  it('asks to sign in once the session has ended', async () => {
    await using opened = await openAs('ann', String(await signIn(dashboard.url, 'ann', PASSWORD)));
    const { page } = opened;
    await page.getByText('live', { exact: true }).waitFor();
    const elsewhere = await page.context().newPage();
    await elsewhere.goto(dashboard.url);
    await elsewhere.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
  });
});

describe('failures', () => {
  /** Orders whose handler is broken, until it is mended. */
  const broken = new Set<number>();
  const done: string[] = [];

  async function handle({ data, name }: Job<Change<{ id: number; status: string }>>) {
    const { id, status } = data.after ?? { id: 0, status: '' };
    if (broken.has(id)) throw new UnrecoverableError(`order ${id} has no <address>`);
    done.push(`${name} ${id} ${status}`);
  }

  /** An order whose insert fails, and two updates of it. */
  async function poison(): Promise<number> {
    const { rows } = await pipeline.client.query<{ next: number }>(
      "SELECT last_value::int + 1 AS next FROM pg_sequences WHERE sequencename = 'orders_id_seq'",
    );
    const next = (rows[0] as { next: number }).next;
    broken.add(next);
    const id = await pipeline.order('poison@example.com');
    expect(id).toBe(next);
    for (const status of ['paid', 'shipped'])
      await pipeline.client.query('UPDATE orders SET status = $2 WHERE id = $1', [id, status]);
    return id;
  }

  beforeAll(() => pipeline.work('orders', handle));

  it('are replayed after a question, and what is parked behind follows in order', async () => {
    const id = await poison();
    await using opened = await openAs('ann');
    const { page } = opened;
    const replay = page.getByRole('button', { name: 'Replay the changes of queue orders' });
    await replay.waitFor();
    expect(await page.locator('#failures').textContent()).toContain('order <n> has no <address>');
    expect(await violations(page)).toEqual([]);

    await replay.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Replay 1 failed change of queue orders?').waitFor();
    expect(await dialog.textContent()).toContain('The 2 parked behind follow in order');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await pipeline.orders.getFailedCount()).toBe(1);
    expect(await page.evaluate('document.activeElement.dataset.action')).toBe('/pipeline/replay');

    broken.delete(id);
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('1 change replayed.').waitFor();
    await expect
      .poll(() => done.filter(text => text.includes(` ${id} `)))
      .toEqual([`insert ${id} pending`, `update ${id} paid`, `update ${id} shipped`]);
    await page.getByText('No change has failed.').waitFor();
    expect(opened.complaints).toEqual([]);
  });

  it('are discarded after a question, written down first, and what is parked behind runs', async () => {
    const id = await poison();
    await using opened = await openAs('ann');
    const { page } = opened;
    await page.getByRole('button', { name: 'Discard the changes of queue orders' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Discard 1 failed change of queue orders?').waitFor();
    expect(await dialog.textContent()).toContain('The 2 parked behind will run without it');
    // The updates' handler is sound.
    broken.delete(id);
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('1 change discarded').waitFor();
    const [file = ''] = await readdir(folder);
    const kept = JSON.parse(await readFile(join(folder, file), 'utf8'));
    expect(kept).toMatchObject({
      queue: 'orders',
      name: 'insert',
      failedReason: `order ${id} has no <address>`,
      data: { op: 'insert', table: 'orders', after: { id, customer_email: 'poison@example.com' } },
    });
    await expect
      .poll(() => done.filter(text => text.includes(` ${id} `)))
      .toEqual([`update ${id} paid`, `update ${id} shipped`]);
    expect(opened.complaints).toEqual([]);
  });

  it('are no business of a read-only user, nor of another site', async () => {
    const id = await poison();
    await using watching = await openAs('bob');
    await watching.page.getByText('Your role is read-only').waitFor();
    expect(await watching.page.locator('#failures button').count()).toBe(0);
    expect(await violations(watching.page)).toEqual([]);
    const replayFrom = (page: Page) =>
      page.evaluate(`fetch('${dashboard.url}/pipeline/replay', {
        method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}',
      }).then(answer => answer.status)`);
    expect(await replayFrom(watching.page)).toBe(403);

    // A page of another site, in the browser in which ann is signed in: its form is sent, and refused.
    await using opened = await openAs('ann');
    const { page } = opened;
    expect(await replayFrom(page)).toBe(403); // ours, but without the token
    await page.route('http://evil.example/**', route =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${dashboard.url}/pipeline/replay"><button>Win</button></form>`,
      }),
    );
    await page.goto('http://evil.example/');
    const [answer] = await Promise.all([
      page.waitForResponse(`${dashboard.url}/pipeline/replay`),
      page.getByRole('button', { name: 'Win' }).click(),
    ]);
    expect(answer.status()).toBe(403);
    expect(await pipeline.orders.getFailedCount()).toBe(1);
    broken.delete(id);
  });
});

describe('Bull Board', () => {
  it('runs under our content policy, and leads back to the page', async () => {
    await using opened = await openAs('ann');
    const { page } = opened;
    await page.getByRole('link', { name: 'Bull Board' }).click();
    await page.getByRole('link', { name: 'reservations' }).first().waitFor();
    expect(opened.complaints).toEqual([]);
    expect(new URL(page.url()).pathname).toBe('/queues');
  });

  it('is shown to a read-only user without its buttons', async () => {
    await using opened = await openAs('bob');
    const { page } = opened;
    await page.getByRole('link', { name: 'orders', exact: true }).click();
    await page.waitForURL('**/read-only/queues/queue/orders');
    await page.getByText('insert orders id=1').first().waitFor();
    expect(await page.getByRole('button', { name: /retry|clean|promote|pause/i }).count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});
