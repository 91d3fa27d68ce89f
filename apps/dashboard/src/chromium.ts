import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A real, headless browser. Throws an error that names the package if there is none. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await findChromium(),
    // Containers often give /dev/shm 64 MB, and a page can need more.
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
