import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Page } from 'playwright-core';
import { launchChromium } from './chromium.js';

const ROOT = join(import.meta.dirname, '../../..');
const IMAGES = join(ROOT, 'docs/images');
/** Long enough for the sparklines to show something. */
const LOAD_MS = 480_000;

interface Demo {
  readonly dashboardUrl: string;
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

/** Starts `npm start`, and waits until it reports that it runs. */
async function startDemo(): Promise<Demo> {
  const child = spawn(process.execPath, [join(ROOT, 'apps/demo/bin/demo.js')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, url] = /^(Bull Board|Database) +(\S+)$/.exec(line) ?? [];
    if (name !== undefined && url !== undefined) said.set(name, url);
    if (line.startsWith('Running until')) break;
  }
  child.stdout.resume();
  const [dashboardUrl, databaseUrl] = [said.get('Bull Board'), said.get('Database')];
  if (dashboardUrl === undefined || databaseUrl === undefined) throw new Error('The demo did not start.');
  return {
    // Bull Board is below the dashboard's own page.
    dashboardUrl: new URL(dashboardUrl).origin,
    databaseUrl,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      await exit;
    },
  };
}

/** Orders as in a shop, at a varying rate. Some go to addresses that no mail can reach, and change again. */
async function trade(client: Client, untilMs: number): Promise<void> {
  for (let round = 0; Date.now() < untilMs; round += 1) {
    const orders = Math.round(2 + 2 * Math.sin(round / 60));
    await client.query(
      `WITH placed AS (
         INSERT INTO orders (customer_email, total_amount)
         SELECT 'customer-' || n || '@example.com', 10 + n FROM generate_series(1, $1) n RETURNING id
       )
       INSERT INTO order_items (order_id, product_id, quantity, price)
       SELECT id, 1 + id % 3, 1, 10 FROM placed`,
      [orders],
    );
    if (round % 240 === 120) {
      const { rows } = await client.query<{ id: number }>(
        "INSERT INTO orders (customer_email, total_amount) VALUES ('nobody', 10) RETURNING id",
      );
      for (const status of ['paid', 'shipped'])
        await client.query('UPDATE orders SET status = $2 WHERE id = $1', [rows[0]?.id, status]);
    }
    await delay(250);
  }
}

/** What the window shows, without the empty part below the page's content. */
async function capturePage(page: Page, name: string): Promise<void> {
  const { width, height } = page.viewportSize() as { width: number; height: number };
  const end = await page.evaluate<number>(
    'document.getElementById("main")?.getBoundingClientRect().bottom ?? innerHeight',
  );
  const clip = { x: 0, y: 0, width, height: Math.min(height, Math.ceil(end)) };
  await page.screenshot({ path: join(IMAGES, `${name}.png`), clip });
  console.log(`docs/images/${name}.png`);
}

async function takeScreenshots({ dashboardUrl, databaseUrl }: Demo): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  await using browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1200, height: 1200 } });
  await page.goto(dashboardUrl);
  const trading = trade(client, Date.now() + LOAD_MS + 20_000);
  await delay(LOAD_MS);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await capturePage(page, colorScheme === 'light' ? 'pipeline' : 'pipeline-dark');
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${dashboardUrl}/search`);
  await page.getByRole('table').waitFor();
  const row = await page.getByRole('row').nth(1).getByRole('link').first().getAttribute('href');
  await capturePage(page, 'search');
  await page.goto(new URL(row as string, dashboardUrl).href);
  await page.getByRole('heading', { level: 3 }).first().waitFor();
  await capturePage(page, 'row');
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto(`${dashboardUrl}/search`);
  await page.evaluate('document.getElementById("results").scrollIntoView()');
  await capturePage(page, 'search-phone');
  await page.setViewportSize({ width: 1200, height: 1200 });
  await page.goto(`${dashboardUrl}/queues/queue/orders?status=failed`);
  await page.getByText('insert orders').first().waitFor();
  // The data, not the stack: a stack would show the folders of this machine.
  for (const tab of await page.getByText('Data', { exact: true }).all()) await tab.click();
  await page.evaluate('scrollTo(0, 0)');
  await capturePage(page, 'bull-board');
  await trading;
  await client.end();
}

await mkdir(IMAGES, { recursive: true });
const demo = await startDemo();
try {
  await takeScreenshots(demo);
} finally {
  await demo.stop();
}
