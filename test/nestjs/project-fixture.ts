import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { init } from 'es-module-lexer';
import { assemble } from '../../apps/pack/src/assemble.js';
import { readWorkspaces, type Workspace } from '../../apps/pack/src/workspace.js';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Builds the application of `app` as a project with the packages of a folder (`esm`, `commonjs`) and with walmq as a
 * registry serves it. Resolves to the project's folder. Its packages are no part of the repository's: few need them.
 */
export async function buildProject(kind: string): Promise<string> {
  const folder = join(ROOT, '.cache/nestjs', kind);
  const lock = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8');
  const own = join(import.meta.dirname, kind);
  mkdirSync(folder, { recursive: true });
  const isInstalled = existsSync(join(folder, 'node_modules')) && lock(folder) === lock(own);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true });
  cpSync(own, folder, { recursive: true });
  if (!isInstalled)
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit'], { cwd: folder, stdio: 'pipe' });
  await init;
  const workspaces = readWorkspaces(ROOT);
  const workspace = workspaces.find(({ id }) => id === 'walmq') as Workspace;
  // Its other packages are found above the project, in those of the repository.
  assemble({ root: ROOT, workspace, workspaces, folder: join(folder, 'node_modules/walmq') });
  const compiled = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder],
    {
      encoding: 'utf8',
    },
  );
  if (compiled.status !== 0) throw new Error(compiled.stdout);
  return folder;
}
