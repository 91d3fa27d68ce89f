import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type LogLine, readLogLine } from './log-line.js';
import { until } from './until.js';
import type { Watchdog } from './watchdog.js';

export interface LaunchOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the process when this one dies or is done. */
  readonly watchdog: Watchdog;
  readonly onLine: (line: LogLine) => void;
}

/** A process that runs, or has run. */
export interface Running {
  /** The address of /live, /ready and /metrics, once the log has named it. */
  url(): string | undefined;
  /** How the process ended, once it has: `exit code 1` or `SIGKILL`. */
  ending(): string | undefined;
  /** Resolves to how it ended. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM to the process and its own children, and SIGKILL `killAfterMs` later. Resolves when the process has ended. */
  stop(killAfterMs: number): Promise<void>;
}

/** Starts a process whose log this one reads. */
export function launch(options: LaunchOptions): Running {
  const { command, args, cwd, env, watchdog, onLine } = options;
  const child = spawn(command, [...args], {
    cwd,
    // Entries of the log are parsed.
    env: { ...env, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own: Ctrl+C reaches only this process, which ends the others in order.
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) watchdog.watch(pid);
  let url: string | undefined;
  let ending: string | undefined;
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', text => {
      const line = readLogLine(text);
      if (line.kind === 'listening') url = line.url;
      onLine(line);
    });
  const closed = new Promise<string>(resolve => {
    child.on('error', error => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const ended = closed.then(how => {
    if (pid !== undefined) watchdog.forget(pid);
    ending = how;
    return how;
  });
  /** The session of the process: a shell and the command that it runs. */
  const signalAll = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined && ending === undefined) process.kill(-pid, signal);
    } catch {
      // It has just ended.
    }
  };
  return {
    url: () => url,
    ending: () => ending,
    ended,
    async stop(killAfterMs) {
      signalAll('SIGTERM');
      const settled = new AbortController();
      const overdue = delay(killAfterMs, undefined, { signal: settled.signal }).then(
        () => signalAll('SIGKILL'),
        () => {},
      );
      await ended;
      settled.abort();
      await overdue;
    },
  };
}

const READY_ANSWER_MS = 2000;

/** Whether a process has become ready; otherwise why not. */
export type Readiness = { readonly url: string } | { readonly reasons: string };

/** Waits until /ready of the process answers 200, the process ends, or the time is over. Throws on abort. */
export async function untilReady(
  running: Running,
  wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Readiness> {
  let reasons = 'it did not say where it listens';
  let readyAt: string | undefined;
  await until(async () => {
    const url = running.url();
    if (running.ending() !== undefined) return true;
    if (url === undefined) return false;
    const answer = await askReady(url);
    reasons = answer.reasons;
    if (answer.ready) readyAt = url;
    return answer.ready;
  }, wait);
  const ending = running.ending();
  return readyAt === undefined || ending !== undefined ? { reasons: ending ?? reasons } : { url: readyAt };
}

async function askReady(url: string): Promise<{ ready: boolean; reasons: string }> {
  try {
    const response = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(READY_ANSWER_MS) });
    return { ready: response.ok, reasons: await response.text() };
  } catch (error) {
    return { ready: false, reasons: (error as Error).message };
  }
}
