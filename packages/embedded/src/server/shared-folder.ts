import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Account } from './account.js';
import { run } from './run.js';

/**
 * The folder of temporary files that runs of this user share, readable by the servers' account. Its name is
 * predictable and the place is everybody's: a folder that is not ours alone to write is refused, for a
 * stranger's programs would be run from it; then a private one is made, and used by this run only.
 */
export async function sharedTemporaryFolder(parent = tmpdir()): Promise<string> {
  const path = join(parent, `walmq-${process.getuid?.() ?? 'user'}`);
  const made = await mkdir(path, { mode: 0o755 }).then(
    () => true,
    () => false,
  );
  // Past the umask, which may hide the folder from the servers' account.
  if (made) await chmod(path, 0o755);
  if (await isOursAlone(path)) return path;
  const own = await mkdtemp(`${path}-`);
  await chmod(own, 0o755);
  return own;
}

async function isOursAlone(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  return found.uid === (process.getuid?.() ?? found.uid) && (found.mode & 0o022) === 0;
}

/** True when the servers' account can reach and list the folder. */
export async function isReadableFor(account: Account, folder: string): Promise<boolean> {
  return (await run('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', folder], { account, cwd: '/' }))
    .ok;
}

/**
 * Fills `folder/name` once: `fill` works in a folder of its own, which then takes the name in one step, so that
 * two runs side by side never see half of it. Whoever comes second uses what the first one made.
 */
export async function fillOnce(options: {
  folder: string;
  name: string;
  fill: (staging: string) => Promise<void>;
}): Promise<string> {
  const { folder, name, fill } = options;
  const target = join(folder, name);
  const staging = await mkdtemp(join(folder, `.${basename(name)}-`));
  try {
    await fill(staging);
    await chmod(staging, 0o755);
    await rename(staging, target).catch(async error => {
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return target;
}

export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
