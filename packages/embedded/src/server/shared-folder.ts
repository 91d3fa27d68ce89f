import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Account } from './account.js';
import { run } from './run.js';

/**
 * Returns the temporary folder that all runs of this user share and that the servers' account can read. Everybody can write to
 * the parent folder, and the name is predictable. So a folder that another user owns or can write to is not used, because
 * this run would start that user's programs. Instead, this run gets a private folder.
 */
export async function sharedTemporaryFolder(parent = tmpdir()): Promise<string> {
  const path = join(parent, `walmq-${process.getuid?.() ?? 'user'}`);
  const made = await mkdir(path, { mode: 0o755 }).then(
    () => true,
    () => false,
  );
  // The umask may have removed the rights of the servers' account.
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

/** Resolves to true if the servers' account can enter and list the folder. */
export async function isReadableFor(account: Account, folder: string): Promise<boolean> {
  return (await run('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', folder], { account, cwd: '/' }))
    .ok;
}

/**
 * Fills `folder/name` once and returns its path. `fill` writes to a staging folder, which is then renamed in one step, so a
 * concurrent run never sees incomplete content. If two runs do this at the same time, the second uses the folder of the first.
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
