import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the tools of this folder, once. They are no part of the project's own dependencies: who builds and tests walmq
 * does not need a second compiler.
 */
export function installTools() {
  if (existsSync(join(import.meta.dirname, 'node_modules/.package-lock.json'))) return;
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
