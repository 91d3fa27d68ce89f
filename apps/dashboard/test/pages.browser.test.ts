import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchChromium } from '../src/chromium.js';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { openPage, violations } from './page-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';
const START_MS = Date.parse('2026-01-31T10:00:00Z');
const idOf = (n: number) => `${n.toString(16).toUpperCase().padStart(16, '0')}-0000000001-abcdef`;

let browser: Browser;
let pipeline: TestPipeline;
let dashboard: StartedDashboard;
let folder: string;
let redis: Redis;
const sessions = new Map<string, string>();

beforeAll(async () => {
  [browser, pipeline] = await Promise.all([launchChromium(), TestPipeline.create()]);
  redis = new Redis(pipeline.redis.url);
  folder = await mkdtemp(join(tmpdir(), 'walmq-discarded-'));
  const users = await Promise.all([
    userLine('ann', 'operator', PASSWORD),
    userLine('cyd', 'states', PASSWORD),
  ]);
  dashboard = await startDashboard({
    ...pipeline.env,
    WALMQ_DASHBOARD_USERS: users.join(','),
    WALMQ_DASHBOARD_DISCARDED: folder,
  });
  for (const name of ['ann', 'cyd']) sessions.set(name, String(await signIn(dashboard.url, name, PASSWORD)));
  await Promise.all(Array.from({ length: 60 }, (_, index) => fail(index + 1)));
  await pipeline.client.query(
    `INSERT INTO walmq.operator_log (who, via, action, queue, change_ids, reason, original, corrected, outcome, result, ended_at)
     VALUES ('tom', 'cli', 'correct', 'orders', ARRAY[$1], 'wrong price', '{"after":{"total":-5}}', '{"after":{"total":5}}', 'done',
             'corrected', now()), ('tom', 'cli', 'replay', 'orders', ARRAY[$1], null, null, null, 'begun', null, null)`,
    [idOf(9).slice(0, 27)],
  );
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  redis?.disconnect();
  await pipeline?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true });
});

/** An order whose handler failed, as BullMQ leaves it, and a later change that waits for it. */
async function fail(n: number): Promise<void> {
  const key = (id: string) => pipeline.orders.toKey(id);
  const data = (op: string) =>
    JSON.stringify({
      id: idOf(n).slice(0, 27),
      op,
      schema: 'shop',
      table: 'orders',
      key: { id: n },
      before: null,
      after: { id: n, customer_email: `customer-${n}@example.com` },
      tx: { xid: n, committedAt: new Date(START_MS + n).toISOString() },
    });
  const waiting = idOf(n + 1000);
  const common = { atm: '3', timestamp: String(START_MS + n), opts: '{"attempts":3}' };
  const failedReason = `customer-${n}@example.com is unknown\nsecond line of the answer`;
  await redis.hset(key(idOf(n)), {
    ...common,
    name: 'insert',
    data: data('insert'),
    failedReason,
    finishedOn: String(START_MS + n),
    parentKey: key(waiting),
    stacktrace: '[]',
  });
  await redis.zadd(key('failed'), START_MS + n, idOf(n));
  await redis.hset(key(waiting), { ...common, name: 'update', data: data('update') });
  await redis.zadd(key('waiting-children'), START_MS + n, waiting);
  await redis.sadd(`${key(waiting)}:dependencies`, key(idOf(n)));
}

async function open(name: string, path: string, options: BrowserContextOptions = {}) {
  const opened = await openPage(browser, options);
  const [cookie = '', value = ''] = (sessions.get(name) as string).split('=');
  await opened.page.context().addCookies([{ name: cookie, value, url: dashboard.url }]);
  await opened.page.goto(dashboard.url + path);
  return opened;
}

describe('every page', () => {
  it('keeps nobody out, in light and dark, wide and narrow', async () => {
    await using opened = await open('ann', '/search');
    const { page } = opened;
    const links = await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link').all();
    const paths = await Promise.all(links.map(link => link.getAttribute('href')));
    const own = paths.filter((path): path is string => path !== null && !path.includes('queues'));
    expect(own).toEqual(['/', '/search', '/row', '/log', '/runbook']);
    const all = [
      ...own,
      '/search?state=parked',
      '/search?reason=nothing+of+it',
      '/search?since=x',
      `/row?change=${idOf(9)}`,
      `/row?change=${idOf(1009)}`,
      `/mend/correct?queue=orders&job=${idOf(9)}`,
    ];
    const found: string[] = [];
    for (const path of all) {
      await page.goto(dashboard.url + path);
      await page.evaluate('document.querySelectorAll("details").forEach(each => { each.open = true })');
      // Colours do not depend on the width, nor do names and roles on the theme.
      for (const [width, colorScheme] of [
        [1280, 'light'],
        [360, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        if ((await page.evaluate<number>('document.documentElement.scrollWidth')) > width)
          found.push(`${path} overflows at ${width}`);
        for (const violation of await violations(page))
          found.push(`${path} ${width} ${colorScheme}: ${violation}`);
      }
    }
    expect(found).toEqual([]);
    // The answer to a question with a mistake is 400, which browsers note.
    expect(opened.complaints.filter(text => !text.includes('400'))).toEqual([]);
  });

  it('can be walked by keyboard: skip link, pages, an explanation, a search', async () => {
    await using opened = await open('ann', '/search');
    const { page } = opened;
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('To the content');
    const walked: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      await page.keyboard.press('Tab');
      walked.push(await focused());
    }
    expect(walked.slice(0, 2)).toEqual(['Pipeline', 'Search']);
    await page.getByRole('textbox', { name: 'Reason contains' }).focus();
    await page.keyboard.type('customer-42@');
    await page.keyboard.press('Enter');
    await page.getByText('Looked at all 60 failed changes.').waitFor();
    expect(await page.getByRole('row', { name: /id=42/ }).count()).toBe(1);
    const term = page.getByRole('button', { name: 'Parked' });
    await term.focus();
    await page.keyboard.press('Enter');
    const explanation = page.getByText('Later changes of the same key that wait for this one.');
    await explanation.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await explanation.waitFor({ state: 'hidden' });
    expect(await focused()).toBe('Parked');
    await term.hover();
    await explanation.waitFor();
    await page.mouse.move(0, 0);
    await explanation.waitFor({ state: 'hidden' });
    expect(opened.complaints).toEqual([]);
  });

  it('takes the theme that its reader chose', async () => {
    await using opened = await open('ann', '/runbook', { colorScheme: 'light' });
    const { page } = opened;
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.getByLabel('Theme').selectOption('dark');
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.goto(`${dashboard.url}/search`);
    expect(await background()).toBe(dark);
    expect(await page.getByLabel('Theme').inputValue()).toBe('dark');
  });

  it('leads from a code to its entry of the runbook', async () => {
    await using opened = await open('cyd', '/');
    const { page } = opened;
    await page.getByRole('link', { name: 'NOTHING_YET in the runbook' }).click();
    await page.waitForURL('**/runbook#NOTHING_YET');
    expect(await page.locator(':target').textContent()).toContain('What to do:');
  });
});

describe('a search', () => {
  it('goes on page by page, and leads to the row and to the very job', async () => {
    await using opened = await open('ann', '/search');
    const { page } = opened;
    expect(await page.getByRole('row').count()).toBe(51);
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByText('Looked at all 60 failed changes.').waitFor();
    expect(await page.getByRole('row').count()).toBe(11);
    const row = page.getByRole('row', { name: /id=7 / });
    expect(await row.getByRole('link').first().getAttribute('href')).toBe('/row?table=shop.orders&key=7');
    expect(await row.getByRole('link', { name: 'Bull Board' }).getAttribute('href')).toBe(
      `/queues/queue/orders/${idOf(7)}`,
    );
    await row.getByRole('link', { name: 'Bull Board' }).click();
    await page.getByText('customer-7@example.com').first().waitFor();
  });

  it('finds what is parked, and behind what', async () => {
    await using opened = await open('ann', '/search?state=parked&reason=customer-12%40');
    const { page } = opened;
    const row = page.getByRole('row', { name: /update shop.orders id=12/ });
    await row.waitFor();
    expect(await row.textContent()).toContain('insert shop.orders id=12');
  });

  it('keeps focus, open details and ticks when it repeats itself, and replays what is ticked', async () => {
    await using opened = await open('ann', '/search?key=5');
    const { page } = opened;
    const row = page.getByRole('row', { name: /id=5/ });
    const tick = row.getByRole('checkbox');
    await row.getByText('customer-5@example.com is unknown').first().click();
    await tick.focus();
    await page.keyboard.press('Space');
    const again = () => page.evaluate('import("/assets/page.js").then(({ refresh }) => refresh())');
    await again();
    expect(await tick.isChecked()).toBe(true);
    expect(await page.evaluate('document.activeElement.name')).toBe('found');
    expect(await row.locator('details').getAttribute('open')).not.toBeNull();
    await page.getByRole('button', { name: 'Replay selected' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Replay 1 failed change of queue orders?').waitFor();
    expect(await dialog.textContent()).toContain('The 1 parked behind follow');
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('1 change replayed.').waitFor();
    // The list has changed without a reload.
    await page.getByText('No failed change matches.').waitFor();
    expect(await pipeline.orders.getJobState(idOf(5))).toBe('waiting');
    expect(opened.complaints).toEqual([]);
  });

  it('asks before it discards all that match, and says if nothing is ticked', async () => {
    await using opened = await open('ann', '/search?reason=customer-6');
    const { page } = opened;
    await page.getByRole('button', { name: 'Discard selected' }).click();
    await page.getByText('Nothing is selected: tick the changes first.').waitFor();
    await page.getByRole('button', { name: 'Discard all that match' }).click();
    // 6 and 60
    await page.getByText('Discard 2 failed changes of queue orders?').waitFor();
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await page.getByText('2 changes discarded, kept in').waitFor();
    expect(await pipeline.orders.getFailedCount()).toBe(57);
  });

  it('works without a script, except for actions', async () => {
    await using opened = await open('ann', '/search', { javaScriptEnabled: false });
    const { page } = opened;
    await page.getByLabel('Key or column').fill('id=33');
    await page.getByRole('button', { name: 'Search' }).click();
    expect(await page.getByRole('row').count()).toBe(2);
    expect(await page.getByRole('button', { name: /Replay/ }).count()).toBe(0);
  });

  it('tells somebody who may see no rows nothing of them, whatever is asked', async () => {
    const cookie = sessions.get('cyd') as string;
    const text = async (query: string) => {
      const answer = await fetch(`${dashboard.url}/search?${query}`, { headers: { cookie } });
      return await answer.text();
    };
    const listed = await text('');
    expect(listed).toContain('&lt;address&gt; is unknown');
    expect(listed).not.toContain('customer-');
    expect(listed).not.toMatch(/id=\d/);
    const shown = (page: string) => page.split('id="results"')[1] as string;
    // By reason: only the one that is shown is compared.
    expect(shown(await text('reason=customer-33'))).toBe(shown(await text('reason=customer-no')));
    for (const field of ['key', 'text'])
      expect(shown(await text(`${field}=33`))).toBe(shown(await text(`${field}=no`)));
    expect(await text('state=waiting&table=shop.orders&key=33')).toContain('Your role sees no rows');
    const replay = await fetch(`${dashboard.url}/search/replay`, {
      method: 'POST',
      headers: { cookie, origin: dashboard.url, 'content-type': 'application/json' },
      body: '{"search":""}',
    });
    expect(replay.status).toBe(403);
  });
});

describe('a row', () => {
  it('is corrected by keyboard alone, and says who did it', async () => {
    await using opened = await open('ann', `/row?change=${idOf(8)}`);
    const { page } = opened;
    await page.getByRole('link', { name: 'Correct…' }).first().focus();
    await page.keyboard.press('Enter');
    const editor = page.getByRole('textbox', { name: 'The change as JSON' });
    await editor.waitFor();
    const text = await editor.inputValue();
    await editor.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text.replace('customer-8@', 'good-8@'));
    await page.getByRole('textbox', { name: 'Why' }).focus();
    await page.keyboard.type('a typo');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Corrected after.customer_email. It runs again.').waitFor();
    await page.goto(`${dashboard.url}/row?change=${idOf(8)}`);
    const done = page.getByRole('list', { name: 'What operators did' });
    expect(await done.textContent()).toMatch(/ann \(dashboard\): correct in queue orders, done.*a typo/s);
    expect(opened.complaints).toEqual([]);
  });

  // The last test, since capture changes what the pipeline page says.
  it('is paused and resumed by keyboard alone, without a reload', async () => {
    pipeline.startCapture();
    const order = await pipeline.order('eve@example.com');
    await vi.waitUntil(async () => (await pipeline.orders.getJobs(['waiting'])).some(isOf(order)), {
      timeout: 30_000,
    });
    await using opened = await open('ann', `/row?table=orders&key=${order}`);
    const { page } = opened;
    const press = async (name: string | RegExp) => {
      await page.getByRole('button', { name }).first().focus();
      await page.keyboard.press('Enter');
    };
    await press(/^Pause in orders/);
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`in queue orders?`).waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Pause', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('a pause of its key').waitFor();
    await press(/^Resume in orders/);
    await dialog.getByRole('button', { name: 'Resume', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('a pause of its key').waitFor({ state: 'hidden' });
    expect(opened.complaints).toEqual([]);
  });
});

function isOf(order: number) {
  return ({ data }: { readonly data: { readonly key?: { readonly id?: unknown } } }) =>
    data.key?.id === order;
}
