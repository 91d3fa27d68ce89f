import { execFile } from 'node:child_process';
import { WalmqError } from '@walmq/change';
import type { AskPassword, DatabaseUrl, PasswordTarget } from './database-url.js';

/** Milliseconds that a command or a function may take to answer with a password. */
export const PASSWORD_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** Where passwords come from, besides the URL. */
export interface PasswordSource {
  readonly password?: AskPassword | undefined;
  /** A command for the shell, which prints the password. */
  readonly passwordCommand?: string | undefined;
}

/** The URL together with the source of its passwords, if there is one. */
export function withPassword(url: string, { password, passwordCommand }: PasswordSource): DatabaseUrl {
  if (password) return { url, password };
  return passwordCommand === undefined
    ? url
    : { url, password: target => runCommand(passwordCommand, target) };
}

/** Asks for the password of one connection. Rejects with DATABASE_PASSWORD_FAILED, whose text contains nothing of the answer. */
export async function askPassword(
  ask: AskPassword,
  target: PasswordTarget,
  timeoutMs = PASSWORD_MS,
): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failed(`has not answered within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const answer: unknown = await Promise.race([call(ask, target), late]);
    if (typeof answer !== 'string' || answer === '') throw failed('has not answered with a password');
    return answer;
  } catch (cause) {
    if (cause instanceof WalmqError) throw cause;
    // The message of somebody else's error may quote the request or the answer.
    throw failed(`has failed (${nameOf(cause)})`);
  } finally {
    clearTimeout(timer);
  }
}

async function call(ask: AskPassword, target: PasswordTarget): Promise<unknown> {
  return await ask(target);
}

async function runCommand(command: string, { host, port, user, database }: PasswordTarget): Promise<string> {
  return await new Promise((resolve, reject) => {
    const env = { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database };
    const child = execFile(
      '/bin/sh',
      ['-c', command],
      { env, timeout: PASSWORD_MS, killSignal: 'SIGKILL', maxBuffer: MAX_BYTES },
      (error, stdout) => {
        // Neither its output nor the command line, which execFile puts into the message, may reach a log.
        if (!error) resolve(stdout.replace(/\r?\n$/, ''));
        else if (error.killed === true) reject(failed(`has not answered within ${PASSWORD_MS} ms`));
        else reject(failed(`has failed (exit code ${String(error.code ?? error.signal)})`));
      },
    );
    child.stdin?.end();
  });
}

function nameOf(cause: unknown): string {
  const { name, code } = Object(cause) as { name?: unknown; code?: unknown };
  return [name, code].filter(each => typeof each === 'string').join(' ') || typeof cause;
}

function failed(predicate: string): WalmqError {
  return new WalmqError('DATABASE_PASSWORD_FAILED', `the source of the database's password ${predicate}.`, {
    remedy:
      'Run source.passwordCommand by hand, with the environment of this process, or test the function source.password: it must answer with the password alone (docs/guides/postgres/connections.md).',
  });
}
