import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Ends processes and removes a folder when this process ends, or earlier with `finish`. */
export interface Watchdog {
  watch(pid: number): void;
  /** Stops watching a process that has ended: another process may soon get its id. */
  forget(pid: number): void;
  /** Ends all watched processes, removes the folder, and resolves when both are done. */
  finish(): Promise<void>;
}

/**
 * Script of a shell that runs in its own session and reads from a pipe. Only this process holds the other end of the pipe, so
 * the pipe closes when this process ends, even by SIGKILL. Exit handlers do not run at SIGKILL.
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
 * Starts the watchdog. It ends processes with `endSignal`, then with SIGKILL after 5 s in all. Then it removes `folder`.
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
  // A process that forgets to stop its server must still be able to end.
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
