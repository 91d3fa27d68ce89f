import type { CommandIo } from './command.js';

/** The facilities that a command needs to register itself. */
export interface Host {
  readonly io: CommandIo;
  /** Sets the exit code of a command that did not throw. Default 0. */
  readonly exit: (code: number) => void;
}

export const EXIT_CODES = `
Exit codes:
  0  success; for doctor and status: no error found
  1  failure, or an error found
  2  invalid command line
Errors print a code, which docs/reference/errors.md#CODE explains.`;

export const ENVIRONMENT = `
Environment (also from a file .env in the working directory):
  DATABASE_URL  the database, e.g. postgres://user:password@localhost:5432/shop
  REDIS_URL     the Redis that holds the queues, e.g. redis://localhost:6379
  WALMQ_CONFIG  path of the configuration (default: walmq.config.ts)`;

/** Examples for --help: a command line and its purpose. */
export function examples(...lines: (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`).join('\n')}`;
}

/** Documentation page of each command. */
const PAGES: Readonly<Record<string, string>> = {
  init: 'docs/guides/init.md',
  setup: 'docs/start/getting-started.md',
  dev: 'docs/guides/dev.md',
  capture: 'docs/guides/production.md',
  worker: 'docs/guides/production.md',
  dashboard: 'docs/guides/dashboard.md',
  doctor: 'docs/reference/doctor.md',
  status: 'docs/guides/operations.md',
  alert: 'docs/guides/alerts.md',
  trace: 'docs/guides/trace.md',
  failed: 'docs/guides/replay.md',
  replay: 'docs/guides/replay.md',
  discard: 'docs/guides/replay.md',
  correct: 'docs/guides/mend.md#correct-one-change',
  'pause-key': 'docs/guides/mend.md#pause-one-key',
  'resume-key': 'docs/guides/mend.md#pause-one-key',
  log: 'docs/guides/mend.md#the-log',
  backfill: 'docs/guides/backfill.md',
  rewind: 'docs/guides/rewind.md',
  types: 'docs/guides/types.md',
  sql: 'docs/start/getting-started.md',
  'accept-loss': 'docs/guides/operations.md',
  skip: 'docs/guides/operations.md#a-change-that-cannot-be-read',
  teardown: 'docs/guides/operations.md#removing-walmq',
};

export function documentation(command: string): string {
  return `\nDocumentation: ${PAGES[command] ?? 'README.md'}`;
}
