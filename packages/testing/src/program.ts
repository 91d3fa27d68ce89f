import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { WAIT } from './waiting.js';

/** An app's own process, as an operator runs it. */
export interface AppProcess {
  /** Where it serves /live, /ready and /metrics. */
  url(): Promise<string>;
  output(): string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Resolves to how it ended: `exit 0`, or the name of the signal. */
  end(signal: NodeJS.Signals): Promise<string>;
  /** How it ended by itself. */
  readonly ended: Promise<string>;
}

/** Starts the program in `folder`/bin with nothing but `env` (and a free port, and JSON lines). */
export function startApp(folder: string, env: Record<string, string>): AppProcess {
  return startProgram(join(folder, 'bin', `${basename(folder)}.js`), env);
}

export function startProgram(
  path: string,
  env: Record<string, string>,
  args: readonly string[] = [],
): AppProcess {
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH, WALMQ_PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test that fails leaves nothing behind.
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

/** Writes what a configuration file would export, for as long as the test lasts; resolves to its path. */
export async function writeConfig(content: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-app-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'walmq.config.mjs');
  await writeFile(path, `export default ${JSON.stringify(content)};`);
  return path;
}
