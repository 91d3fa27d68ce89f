import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Watchdog } from '@walmq/embedded';
import { readAppLine } from './app-line.js';

export interface AppOptions {
  /** Of its folder in apps/. */
  readonly name: string;
  /** The repository's folder. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the app when we are gone, or done. */
  readonly watchdog: Watchdog;
  readonly print: (line: string) => void;
}

/** An app's process. */
export interface RunningApp {
  /** Where it listens, once it has said so. */
  url(): string | undefined;
  /** How it ended, once it has: `exit code 1` or `SIGKILL`. */
  ending(): string | undefined;
  /** Resolves to the ending. */
  readonly ended: Promise<string>;
  /** Its latest warnings and errors, one a line. */
  lastWords(): string;
}

/** Within the time the watchdog gives the apps between SIGTERM and SIGKILL. */
const DRAIN_MS = 4000;
const TAIL_LINES = 5;

/** Starts an app's program on `port` (0: any free one) and prints what its log says to the demo's reader. */
export function launchApp(options: AppOptions, port: number): RunningApp {
  const { name, root, env, watchdog, print } = options;
  const child = spawn(process.execPath, [join(root, 'apps', name, 'bin', `${name}.js`)], {
    cwd: root,
    env: {
      ...env,
      WALMQ_PORT: String(port),
      WALMQ_SHUTDOWN_MS: String(DRAIN_MS),
      // What we read: JSON, and no less than what is processed.
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own session: Ctrl+C is for us, who stop the apps before their servers.
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) watchdog.watch(pid);

  const tail: string[] = [];
  let url: string | undefined;
  let ending: string | undefined;
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', text => {
      const line = readAppLine(text);
      if (line.kind === 'listening') url = line.url;
      if (line.kind === 'processed') print(line.text);
      if (line.kind !== 'trouble') return;
      print(`${name}: ${line.text}`);
      tail.push(line.text);
      if (tail.length > TAIL_LINES) tail.shift();
    });
  const ended = once(child, 'close').then(([code, signal]) => {
    if (pid !== undefined) watchdog.forget(pid);
    ending = signal ? String(signal) : `exit code ${code}`;
    return ending;
  });
  return { url: () => url, ending: () => ending, ended, lastWords: () => tail.join('\n') };
}
