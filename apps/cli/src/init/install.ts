import { spawn } from 'node:child_process';
import { WalmqError } from '@walmq/change';
import type { PackageManager } from './look/package-manager.js';

/** Lines of the package manager's output in an error. */
const MAX_LINES = 4;

/** In continuous integration pnpm and Yarn refuse to change a lockfile, unless these say otherwise. */
const MAY_CHANGE_LOCKFILE = { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', npm_config_frozen_lockfile: 'false' };

/** Installs what package.json lists. Rejects with INSTALL_FAILED; the files of the project stay as they are. */
export async function install(
  manager: PackageManager,
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  const { reason, output } = await run(manager, { folder, env: { ...env, ...MAY_CHANGE_LOCKFILE } });
  if (reason === undefined) return;
  const gist = gistOf(output);
  throw new WalmqError('INSTALL_FAILED', `"${manager} install" failed: ${reason}.${gist}`, {
    remedy: remedyFor(manager, output),
  });
}

function remedyFor(manager: PackageManager, output: string): string {
  // pnpm has installed the packages, and ends with an error all the same.
  return output.includes('ERR_PNPM_IGNORED_BUILDS')
    ? 'All files are written and the packages are installed. walmq needs no build script: run "pnpm approve-builds" and select none'
    : `All files are written, only the packages are missing. Check the network and the registry, then run: ${manager} install`;
}

interface Ended {
  /** Undefined: the program has done its work. */
  readonly reason: string | undefined;
  readonly output: string;
}

async function run(
  manager: PackageManager,
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Ended> {
  // On Windows the package managers are scripts, which only a shell starts.
  const child = spawn(manager, ['install'], {
    cwd: folder,
    env,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => (output += text));
  return await new Promise(resolve => {
    child.on('error', ({ message }) => resolve({ reason: message, output }));
    child.on('close', (code, signal) =>
      resolve({ reason: code === 0 ? undefined : signal === null ? `exit code ${code}` : signal, output }),
    );
  });
}

/** The first lines that name an error, on lines of their own. Package managers print a page around them. */
function gistOf(output: string): string {
  const named = /\berr(or)?\b|ERR_|✖/i;
  const lines = output.split('\n').filter(line => named.test(line) && !/^\S+ error\s+at /.test(line));
  return lines.length === 0 ? '' : `\n${lines.slice(0, MAX_LINES).join('\n')}\n`;
}
