import { chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

/** A server's own temporary folder: gone, and the server with it, at the latest when this process is. */
export interface ServerFolder {
  readonly path: string;
  readonly watchdog: Watchdog;
}

/** `endSignal`: what ends the server at once, and its own children too. */
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
