import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.js';

export interface DemoArguments {
  readonly once: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm start [-- --once]

Starts PostgreSQL, Redis and a mail inbox, all of walmq's apps on them, and runs a shop's day.

  --once   end after the scenario: exit code 0, or 1 when an effect is missing
  --help   show this

DATABASE_URL, REDIS_URL and SMTP_URL, each on its own, name a server to use instead of the one brought along.`;

/** Throws DEMO_ARGUMENTS on anything unknown. */
export function readArguments(args: readonly string[]): DemoArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { once: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    return values;
  } catch {
    throw new DemoError('DEMO_ARGUMENTS', `npm start does not know ${args.join(' ')}.`, {
      remedy: 'It takes --once and --help.',
    });
  }
}
