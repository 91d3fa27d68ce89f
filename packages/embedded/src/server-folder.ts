import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.js';

/** A server's own temporary folder: gone, and the server with it, at the latest when this process is. */
export interface ServerFolder {
  readonly path: string;
  /** Names the process that works in the folder now, or none. */
  guard(pid: number | undefined): void;
  remove(): Promise<void>;
}

/**
 * A shell in its own session reads from a pipe that only we hold. The pipe's end is the one sign of our death
 * that SIGKILL cannot suppress; then it ends the server and removes the folder. (Exit handlers of ours would
 * miss exactly that case.)
 */
const WATCHDOG = `
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$2" "$pid"
  tries=0
  while kill -0 "$pid" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$pid"
fi
rm -rf -- "$1"
`;

/** `endSignal`: what ends the server at once, and its own children too. */
export async function makeServerFolder(options: {
  name: string;
  account: Account;
  endSignal: 'QUIT' | 'KILL';
}): Promise<ServerFolder> {
  const { name, account, endSignal } = options;
  const path = await mkdtemp(join(tmpdir(), `walmq-${name}-`));
  if (account) await chown(path, account.uid, account.gid);
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'walmq-watchdog', path, endSignal], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(watchdog, 'spawn');
  letGo(watchdog);
  return {
    path,
    guard: pid => void watchdog.stdin.write(`${pid ?? ''}\n`),
    async remove() {
      if (watchdog.exitCode !== null || watchdog.signalCode !== null) return;
      watchdog.ref();
      const gone = once(watchdog, 'exit');
      watchdog.stdin.end('\n');
      await gone;
    },
  };
}

/** A server that nobody stopped must not keep this process alive. */
function letGo(child: ChildProcess): void {
  child.unref();
  const pipe = child.stdin as (typeof child.stdin & { unref?: () => void }) | null;
  pipe?.unref?.();
}
