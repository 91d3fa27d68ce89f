import { join } from 'node:path';
import { launch, type Running, type Watchdog } from '@walmq/supervise';

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
export interface RunningApp extends Running {
  /** Its latest warnings and errors, one per line. */
  lastWords(): string;
}

/** Shorter than the watchdog's time between SIGTERM and SIGKILL. */
const DRAIN_MS = 4000;
const TAIL_LINES = 5;

/** Starts an app's program on `port` (0: any free port) and prints its log for the demo's reader. */
export function launchApp(options: AppOptions, port: number): RunningApp {
  const { name, root, env, watchdog, print } = options;
  const tail: string[] = [];
  const running = launch({
    command: process.execPath,
    args: [join(root, 'apps', name, 'bin', `${name}.js`)],
    cwd: root,
    env: {
      ...env,
      WALMQ_PORT: String(port),
      WALMQ_SHUTDOWN_MS: String(DRAIN_MS),
      // Nothing below the level of processed changes.
      LOG_LEVEL: 'info',
    },
    watchdog,
    onLine: line => {
      if (line.kind === 'processed') print(line.text);
      if (line.kind !== 'trouble' && line.kind !== 'plain') return;
      print(`${name}: ${line.text}`);
      tail.push(line.text);
      if (tail.length > TAIL_LINES) tail.shift();
    },
  });
  return { ...running, lastWords: () => tail.join('\n') };
}
