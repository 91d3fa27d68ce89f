import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import { type Run, run } from '../server/run.js';

/** Both packages are needed: redis-server is a link to a program of redis-tools. */
const PACKAGES = ['redis-server', 'redis-tools'];

/** Returns the paths of the program and its libraries after `unpackRedis`. */
export function unpackedPaths(folder: string): { server: string; libraries: string } {
  return { server: join(folder, 'root', 'usr', 'bin', 'redis-server'), libraries: join(folder, 'lib') };
}

/**
 * Downloads the distribution's Redis and the libraries that this system lacks, and unpacks them into `folder`. apt verifies
 * the packages with the distribution's keys. Needs neither root nor a package list: if the system's list is missing or stale,
 * downloads a list into the folder and removes it afterwards. Throws EMBEDDED_REDIS_UNAVAILABLE.
 */
export async function unpackRedis(folder: string): Promise<void> {
  const dpkg = await run('dpkg-deb', ['--version']);
  if (!dpkg.ok) throw notFound('there is neither valkey-server nor redis-server on PATH.');
  const debs = join(folder, 'debs');
  await mkdir(debs);
  await download(debs, folder);
  await unpack(debs, folder);
  await rm(debs, { recursive: true });
}

export function notFound(message: string): WalmqError {
  return new WalmqError('EMBEDDED_REDIS_UNAVAILABLE', message, {
    remedy: 'Install redis-server or valkey-server, or set REDIS_URL to a server of your own.',
  });
}

async function download(debs: string, folder: string): Promise<void> {
  if ((await downloadWith([], debs)).ok) return;
  const state = join(folder, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  const ownLists = ['-o', `Dir::State::Lists=${state}/lists/`, '-o', `Dir::Cache=${state}/cache/`];
  const update = await apt('apt-get', [...ownLists, 'update']);
  const second = update.ok ? await downloadWith(ownLists, debs) : update;
  await rm(state, { recursive: true });
  if (!second.ok)
    throw notFound(
      `there is no Redis on PATH, and the distribution's package could not be fetched: ${lastLine(second)}`,
    );
}

async function downloadWith(options: readonly string[], debs: string): Promise<Run> {
  const libraries = await missingLibraries(options);
  return await apt('apt-get', [...options, 'download', ...PACKAGES, ...libraries], debs);
}

/** Finds the libraries that redis-tools depends on, at any depth, and that are not installed. */
async function missingLibraries(options: readonly string[]): Promise<string[]> {
  const missing = new Set<string>();
  let round = ['redis-tools'];
  while (round.length > 0) {
    const shown = await apt('apt-cache', [...options, 'depends', '--important', ...round]);
    const found: string[] = [];
    for (const name of libraryNames(shown.output))
      if (!missing.has(name) && !(await isInstalled(name))) found.push(name);
    for (const name of found) missing.add(name);
    round = found;
  }
  return [...missing];
}

/** Extracts the libraries from the output of `apt-cache depends`: lines such as `  Depends: liblzf1`. */
export function libraryNames(depends: string): string[] {
  return [...depends.matchAll(/^ +(?:Pre)?Depends: (lib[\w.+-]+)$/gm)].map(match => match[1] as string);
}

async function isInstalled(name: string): Promise<boolean> {
  return / installed$/m.test((await run('dpkg-query', ['--status', name])).output);
}

/** Runs apt with the sandbox user root: apt's own account cannot write to the folder, so apt would warn or fail. */
async function apt(command: string, args: readonly string[], cwd = '/'): Promise<Run> {
  return await run(command, ['-q', '-o', 'APT::Sandbox::User=root', ...args], { cwd });
}

async function unpack(debs: string, folder: string): Promise<void> {
  const root = join(folder, 'root');
  for (const name of await readdir(debs)) {
    const unpacked = await run('dpkg-deb', ['--extract', join(debs, name), root]);
    if (!unpacked.ok) throw notFound(`${name} could not be unpacked: ${lastLine(unpacked)}`);
  }
  // Collect the libraries in one folder for the loader: their original folder depends on the architecture.
  const { libraries } = unpackedPaths(folder);
  await mkdir(libraries);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (!entry.isDirectory() && /\.so(\.|$)/.test(entry.name))
      await rename(join(entry.parentPath, entry.name), join(libraries, entry.name));
}

function lastLine(failed: Run): string {
  return failed.report.split('\n').at(-1) ?? '';
}
