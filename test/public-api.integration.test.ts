import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

// The compiler reads the declarations that the build wrote. The first run installs it.
it('is what the reports in release/api say, with a comment on each export', { timeout: 300_000 }, () => {
  const check = spawnSync(process.execPath, ['release/api/write.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(check.stderr).toBe('');
  expect(check.status).toBe(0);
});
