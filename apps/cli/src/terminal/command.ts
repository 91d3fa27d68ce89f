import { WalmqError } from '@walmq/change';
import { loadConfig, type WalmqConfig } from '@walmq/config';
import { type DatabaseUrl, withPassword } from '@walmq/postgres';

/** Input and output of every command, passed in so that tests need no process. */
export interface CommandIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True on a terminal that shows colours. */
  readonly colours: boolean;
  /** True on a terminal, on which a line can be overwritten. */
  readonly isTerminal: boolean;
  /** Returns a signal that Ctrl+C aborts. After this call, Ctrl+C no longer ends the process. */
  interrupted(): AbortSignal;
  /** Asks a question. Undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Overwrites the line that the last call has drawn. Call it on a terminal only. */
  draw(line: string): void;
  print(line: string): void;
  printError(line: string): void;
}

/** Exit codes: 0 success, 1 failure or an error found, 2 invalid command line. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

export async function configOf(io: CommandIo): Promise<WalmqConfig> {
  return await loadConfig(io.env.WALMQ_CONFIG || undefined);
}

/** The configuration's or the environment's URL of the database. Throws ENVIRONMENT_INVALID if there is none. */
export function databaseUrlOf(io: CommandIo, config?: WalmqConfig): DatabaseUrl {
  const url = config?.source.url ?? io.env.DATABASE_URL;
  const passwordCommand = config?.source.passwordCommand ?? (io.env.DATABASE_PASSWORD_COMMAND || undefined);
  if (url) return withPassword(url, { password: config?.source.password, passwordCommand });
  throw new WalmqError('ENVIRONMENT_INVALID', 'DATABASE_URL is not set.', {
    remedy: 'Set it to the database, e.g. DATABASE_URL=postgres://user@host:5432/shop',
  });
}

/** The configuration's or the environment's URL of Redis. Throws ENVIRONMENT_INVALID if there is none. */
export function redisUrlOf(io: CommandIo, config: WalmqConfig): string {
  const url = config.redis.url ?? io.env.REDIS_URL;
  if (url) return url;
  throw new WalmqError('ENVIRONMENT_INVALID', 'REDIS_URL is not set.', {
    remedy: 'Set it to the Redis that holds the queues, e.g. REDIS_URL=redis://host:6379',
  });
}

/** Returns the error of a missing variable as a value, so that the status of the other server is still shown. */
export function valueOrWhy<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}
