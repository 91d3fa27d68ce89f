import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A real, headless browser. Throws a sentence that names the package where there is none. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await findChromium(),
    // Containers often give /dev/shm 64 MB, which a page can exceed.
    args: ['--disable-dev-shm-usage'],
  });
}

async function findChromium(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of folders.flatMap(folder => NAMES.map(name => join(folder, name))))
    if (await isProgram(path)) return path;
  throw new Error(
    'The tests in a browser need Chromium, and there is none on PATH: install the package chromium ' +
      '(on Debian: apt-get install chromium), or leave them out with npx vitest run --project "!browser".',
  );
}

async function isProgram(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, refused loads, broken answers. */
  readonly complaints: readonly string[];
}

/** A page in a context of its own: nobody is signed in there. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe-core finds that keeps people out, one line per rule and element. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's content policy does not bind.
  await page.evaluate(axe.source);
  const results = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as axe.AxeResults;
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`));
}
