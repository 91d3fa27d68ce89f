import { execFile } from 'node:child_process';
import type { Account } from './account.js';

export interface Run {
  readonly ok: boolean;
  /** What it wrote to stdout. */
  readonly output: string;
  /** What it wrote to stdout and stderr, or why it could not be started. */
  readonly report: string;
}

/** Runs a program to its end. A failure is a result, not an exception: callers have another way to try. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; account?: Account; timeoutMs?: number } = {},
): Promise<Run> {
  const { cwd, env, account, timeoutMs = 120_000 } = options;
  return new Promise<Run>(done => {
    const settings = {
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      ...(cwd && { cwd }),
      ...(env && { env }),
      ...account,
    };
    execFile(command, [...args], settings, (error, stdout, stderr) => {
      const report = `${stdout}${stderr}`.trim() || (error?.message ?? '');
      // biome-ignore lint/nursery/noFloatingPromises: this settles the promise, it is none.
      done({ ok: error === null, output: stdout, report });
    });
  });
}
