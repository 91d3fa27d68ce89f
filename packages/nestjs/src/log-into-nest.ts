import type { Logger } from '@nestjs/common';
import type { LogEntry } from '@walmq/runtime';

const METHODS = {
  trace: 'verbose',
  debug: 'debug',
  info: 'log',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
} as const;

/** Passes entries of walmq's log to NestJS's logger, as lines: the message, then the reason. */
export function logIntoNest(logger: Pick<Logger, (typeof METHODS)[keyof typeof METHODS]>) {
  return ({ level, msg, error, stack, ...fields }: LogEntry): void => {
    const text = msg ?? JSON.stringify(fields);
    const reason = typeof error === 'string' ? ` (${error})` : '';
    const frames = typeof stack === 'string' ? `\n${stack}` : '';
    logger[METHODS[level as keyof typeof METHODS] ?? 'log'](`${text}${reason}${frames}`);
  };
}
