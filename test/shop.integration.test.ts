import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

describe('the reference shop', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  const run = (program: string, ...args: string[]): Promise<Ended> =>
    promisify(execFile)(process.execPath, [join(ROOT, program), ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, DATABASE_URL: postgres.url },
    });
  const setUp = (...args: string[]) => run('packages/shop/bin/shop-setup.js', ...args);

  it('makes its tables, then what walmq needs, with the options of walmq setup; may run again', async () => {
    const { stdout } = await setUp('--audit');
    expect(stdout.match(/^done .*(shop|worker|audit|slot)/gm)).toEqual([
      'done     create the shop',
      'done     create the worker',
      'done     create the audit',
      'done     create slot',
    ]);
    expect((await setUp('--json')).stdout).toMatch(/^done.*\n(\{"status":"ok".*\n)+$/);
  });

  it('refuses the options of walmq setup that must change nothing', async () => {
    await expect(setUp('--dry-run')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^SHOP_SETUP_OPTION: .*npx walmq setup --dry-run/),
    });
  });

  it('has the row types of its schema', async () => {
    await setUp();
    const file = join(ROOT, 'packages/shop/src/walmq-tables.ts');
    const { stdout } = await run('apps/cli/bin/walmq.js', 'types', '--check', '--out', file);
    expect(stdout).toBe(`ok       ${file}: nothing has drifted\n`);
  });
});
