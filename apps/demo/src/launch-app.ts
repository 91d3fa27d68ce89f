import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Watchdog } from '@walmq/embedded';
import { readAppLine } from './app-line.js';

export interface AppOptions {
  /** Name of the app's folder in apps/. */
  readonly name: string;
  /** The repository's folder. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the app when the demo dies or is done. */
  readonly watchdog: Watchdog;
  readonly print: (line: string) => void;
}

/** An app's process. */
export interface RunningApp {
  /** The app's URL, once its log has named it. */
  url(): string | undefined;
  /** How the app ended, once it has: `exit code 1` or `SIGKILL`. */
  ending(): string | undefined;
  /** Ends the app; resolves to how it ended. */
  readonly ended: Promise<string>;
  /** Its latest warnings and errors, one per line. */
  lastWords(): string;
}

/** Shorter than the watchdog's time between SIGTERM and SIGKILL. */
const DRAIN_MS = 4000;
const TAIL_LINES = 5;

/** Starts an app's program on `port` (0: any free port) and prints its log for the demo's reader. */
export function launchApp(options: AppOptions, port: number): RunningApp {
  const { name, root, env, watchdog, print } = options;
  const child = spawn(process.execPath, [join(root, 'apps', name, 'bin', `${name}.js`)], {
    cwd: root,
    env: {
      ...env,
      WALMQ_PORT: String(port),
      WALMQ_SHUTDOWN_MS: String(DRAIN_MS),
      // The demo parses the log: JSON, and nothing below the level of processed changes.
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own: Ctrl+C reaches only the demo, which stops the apps before their servers.
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
