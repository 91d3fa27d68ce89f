import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Ends processes, and removes a folder, at the latest when this process has ended. */
export interface Watchdog {
  watch(pid: number): void;
  /** The process has ended: its number may soon be another's. */
  forget(pid: number): void;
  /** Ends what is still watched, removes the folder, and resolves when both is done. */
  finish(): Promise<void>;
}

/**
 * A shell in its own session reads from a pipe that only we hold. The pipe's end is the one sign of our death
 * that SIGKILL cannot suppress. (Exit handlers of ours would miss exactly that case.)
 */
const SCRIPT = `
pids=
while read -r word pid; do
  kept=
  for one in $pids; do [ "$one" = "$pid" ] || kept="$kept $one"; done
  pids=$kept
  [ "$word" = watch ] && pids="$pids $pid"
done
for pid in $pids; do kill -s "$1" "$pid"; done
tries=0
for pid in $pids; do
  while kill -0 "$pid" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$pid"
done
[ -z "$2" ] || rm -rf -- "$2"
`;

/**
 * `endSignal` is tried first, SIGKILL after 5 s in all. `folder` is removed at the end.
 */
export async function startWatchdog(options: {
  endSignal: 'TERM' | 'QUIT' | 'KILL';
  folder?: string;
}): Promise<Watchdog> {
  const { endSignal, folder = '' } = options;
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'walmq-watchdog', endSignal, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(shell, 'spawn');
  // Whoever forgets to stop a server must still be able to end.
  shell.unref();
  const pipe = shell.stdin as Socket;
  pipe.unref();
  return {
    watch: pid => void pipe.write(`watch ${pid}\n`),
    forget: pid => void pipe.write(`forget ${pid}\n`),
    async finish() {
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.ref();
      const gone = once(shell, 'exit');
      pipe.end();
      await gone;
    },
  };
}
