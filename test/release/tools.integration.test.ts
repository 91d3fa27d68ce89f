import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

// One file, so that only one of them installs the tools on the first run.
it.each([
  ['the public API is what release/api/reports says, with comments', ['release/api/write.mjs', '--check']],
  ['the workflows have the form that the public CI reads', ['release/check-workflows.mjs']],
])('%s', { timeout: 300_000 }, (_, command) => {
  const check = spawnSync(process.execPath, command, {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
  });
  expect(check.stderr).toBe('');
  expect(check.status).toBe(0);
});
