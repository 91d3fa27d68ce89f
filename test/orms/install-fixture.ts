import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The libraries are no part of the project: few who work on it need them, and they are larger than all that it needs. */
export function installLibraries(): void {
  if (!existsSync(join(import.meta.dirname, 'node_modules')))
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'pipe' });
}
