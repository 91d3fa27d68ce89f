import { logInto } from '@walmq/runtime';
import { expect, it } from 'vitest';
import { logIntoNest } from './log-into-nest.js';

it('gives each line to the method of its level, with the reason of a failure', () => {
  const lines: string[] = [];
  const take = (method: string) => (line: string) => lines.push(`${method}: ${line}`);
  const log = logInto(
    logIntoNest({
      verbose: take('verbose'),
      debug: take('debug'),
      log: take('log'),
      warn: take('warn'),
      error: take('error'),
      fatal: take('fatal'),
    }),
  );
  log.trace('one');
  log.debug({ stack: 'Error\n    at here' }, 'two');
  log.child({ queue: 'orders' }).info({ event: 'x' }, 'three');
  log.warn({ error: 'no answer from redis://user:secret@host' }, 'four');
  log.error({ code: 5 }, 'five');
  log.fatal('six');
  log.info({ id: 7 });
  expect(lines).toEqual([
    'verbose: one',
    'debug: two\nError\n    at here',
    'log: three',
    'warn: four (no answer from redis://user:***@host)',
    'error: five',
    'fatal: six',
    'log: {"id":7}',
  ]);
});
