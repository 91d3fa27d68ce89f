import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { WAIT } from './waiting.js';

/** An app in a process of its own, as an operator runs it. */
export interface AppProcess {
  /** URL at which the app serves /live, /ready and /metrics. */
  url(): Promise<string>;
  output(): string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and resolves to the end of the process: `exit 0`, or the name of the signal. */
  end(signal: NodeJS.Signals): Promise<string>;
  /** Resolves to the end of the process, in the form of `end`. */
  readonly ended: Promise<string>;
}

/** Starts the program in `folder`/bin. Its environment has only PATH, a free port, JSON logs and `env`. */
export function startApp(folder: string, env: Record<string, string>): AppProcess {
  return startProgram(join(folder, 'bin', `${basename(folder)}.js`), env);
}

/** Starts a program. `runtime` is what runs it; by default, this Node.js. */
export function startProgram(
  path: string,
  env: Record<string, string>,
  args: readonly string[] = [],
  { cwd, runtime = process.execPath }: { readonly cwd?: string; readonly runtime?: string } = {},
): AppProcess {
  const child = spawn(runtime, [path, ...args], {
    cwd,
    env: { PATH: process.env.PATH, WALMQ_PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Kill the process even if the test fails.
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += String(chunk);
    });
  const ended = once(child, 'close').then(([code, signal]) => String(signal ?? `exit ${code}`));
  return {
    ended,
    pid: child.pid as number,
    output: () => output,
    signal: signal => child.kill(signal),
    url: () =>
      vi.waitFor(() => {
        const url = /"url":"(http:[^"]+)"/.exec(output)?.[1];
        if (url === undefined) throw new Error(`the app does not serve: ${output}`);
        return url;
      }, WAIT),
    async end(signal) {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Writes a configuration file that exports `content`. Removes it after the test. Resolves to its path. */
export async function writeConfig(content: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-app-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'walmq.config.mjs');
  await writeFile(path, `export default ${JSON.stringify(content)};`);
  return path;
}
