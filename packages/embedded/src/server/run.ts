import { execFile } from 'node:child_process';
import type { Account } from './account.js';

export interface Run {
  readonly ok: boolean;
  /** Text that the program wrote to stdout. */
  readonly output: string;
  /** Text that the program wrote to stdout and stderr, or the reason why it did not start. */
  readonly report: string;
}

/** Runs a program to its end. Returns a failure as a result and never throws, because callers have an alternative. */
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
      // biome-ignore lint/nursery/noFloatingPromises: this call settles the promise and returns none.
      done({ ok: error === null, output: stdout, report });
    });
  });
}
