import { chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

/** Temporary folder of a server. The watchdog ends the server and removes the folder when this process ends, or earlier. */
export interface ServerFolder {
  readonly path: string;
  readonly watchdog: Watchdog;
}

/** Makes the folder and its watchdog. `endSignal` is the signal that ends the server and its child processes at once. */
export async function makeServerFolder(options: {
  name: string;
  account: Account;
  endSignal: 'QUIT' | 'KILL';
}): Promise<ServerFolder> {
  const { name, account, endSignal } = options;
  const path = await mkdtemp(join(tmpdir(), `walmq-${name}-`));
  const watchdog = await startWatchdog({ endSignal, folder: path });
  if (account) await chown(path, account.uid, account.gid);
  return { path, watchdog };
}
