import { spawn } from 'node:child_process';
import { WalmqError } from '@walmq/change';
import type { PackageManager } from './look/package-manager.js';

/** Lines of the package manager's output in an error. */
const MAX_LINES = 4;

/** In continuous integration pnpm and Yarn refuse to change a lockfile, unless these say otherwise. */
const MAY_CHANGE_LOCKFILE = { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', npm_config_frozen_lockfile: 'false' };

/**
 * Installs what package.json lists. Resolves to what is left to do by hand, or undefined. Rejects with INSTALL_FAILED; the files
 * of the project stay as they are.
 */
export async function install(
  manager: PackageManager,
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<string | undefined> {
  const { reason, output } = await run(manager, { folder, env: { ...env, ...MAY_CHANGE_LOCKFILE } });
  if (reason === undefined) return undefined;
  // pnpm 11 and newer have installed the packages, and end with an error all the same.
  if (output.includes('ERR_PNPM_IGNORED_BUILDS')) return UNAPPROVED;
  throw new WalmqError('INSTALL_FAILED', `"${manager} install" failed: ${reason}.${gistOf(output)}`, {
    remedy: `All files are written, only the packages are missing. Check the network and the registry, then run: ${manager} install`,
  });
}

const UNAPPROVED =
  'run "pnpm approve-builds" and select none: walmq needs no build script, and pnpm asks about each';

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
