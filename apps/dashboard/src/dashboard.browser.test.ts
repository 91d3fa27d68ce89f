import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium.js';
import { type StartedDashboard, signIn, startDashboard, userLine } from './dashboard-fixture.js';
import { openPage, seriousViolations } from './page-fixture.js';
import { TestPipeline } from './pipeline-fixture.js';

const PASSWORD = 'correct horse battery';

let browser: Browser;
let pipeline: TestPipeline;
let dashboard: StartedDashboard;
/** Signed in once: more than a few attempts a minute are refused. */
const sessions = new Map<string, string>();

beforeAll(async () => {
  [browser, pipeline] = await Promise.all([launchChromium(), TestPipeline.create()]);
  const users = await Promise.all([
    userLine('ann', 'operator', PASSWORD),
    userLine('bob', 'read-only', PASSWORD),
  ]);
  dashboard = await startDashboard({ ...pipeline.env, WALMQ_DASHBOARD_USERS: users.join(',') });
  for (const name of ['ann', 'bob']) sessions.set(name, String(await signIn(dashboard.url, name, PASSWORD)));
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.[Symbol.asyncDispose]();
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
    expect(await seriousViolations(page)).toEqual([]);
    await page.keyboard.type('ann');
    await page.keyboard.press('Tab');
    await page.keyboard.type('not it');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe('Name or password is wrong.');
    expect(await seriousViolations(page)).toEqual([]);
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
    expect(await page.locator('#verdicts').textContent()).toContain('npm run capture');
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
    expect(await seriousViolations(page)).toEqual([]);
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
      expect(await seriousViolations(page)).toEqual([]);
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
