import { createHash } from 'node:crypto';
import { chown, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWatchdog, type Watchdog } from '@walmq/supervise';
import type { Account } from './account.js';
import { isReadableFor, sharedTemporaryFolder } from './shared-folder.js';

/** Folder of a server. The watchdog ends the server when this process ends, or earlier, and removes a temporary folder. */
export interface ServerFolder {
  readonly path: string;
  readonly watchdog: Watchdog;
}

/** Makes the folder and its watchdog. `endSignal` is the signal that ends the server and its child processes at once. */
export async function makeServerFolder(options: {
  name: string;
  account: Account;
  endSignal: 'QUIT' | 'KILL';
  /** A folder that stays. Default: a temporary one. */
  keep: string | undefined;
  onProgress: (line: string) => void;
}): Promise<ServerFolder> {
  const { name, account, endSignal, keep } = options;
  const path =
    keep === undefined
      ? await mkdtemp(join(tmpdir(), `walmq-${name}-`))
      : await lastingFolder({ ...options, wanted: join(keep, name) });
  const watchdog = await startWatchdog({ endSignal, ...(keep === undefined && { folder: path }) });
  if (account) await chown(path, account.uid, account.gid);
  return { path, watchdog };
}

/** `wanted`, or a folder of the same name for ever, if the servers' account cannot enter it: in root's home, for example. */
async function lastingFolder(options: {
  wanted: string;
  account: Account;
  onProgress: (line: string) => void;
}): Promise<string> {
  const { wanted, account, onProgress } = options;
  await mkdir(wanted, { recursive: true });
  if (account) await chown(wanted, account.uid, account.gid);
  if (await isReadableFor(account, wanted)) return wanted;
  const tag = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const elsewhere = join(await sharedTemporaryFolder(), `data-${tag}`);
  await mkdir(elsewhere, { recursive: true });
  onProgress(`${elsewhere} holds the data, because the account of the servers cannot enter ${wanted}`);
  return elsewhere;
}
