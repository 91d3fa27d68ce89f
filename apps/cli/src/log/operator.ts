import { hostname, userInfo } from 'node:os';
import type { WalmqConfig } from '@walmq/config';
import { type Operator, OperatorLog } from '@walmq/operations';
import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from 'pg';
import { type CommandIo, databaseUrlOf } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';

/** Options of every command that acts: who acts, and why. */
export interface OperatorOptions {
  readonly as?: string;
  readonly because?: string;
}

export function addOperatorOptions(command: Command): Command {
  return command
    .option('--as <name>', "your name in the operators' log (default: user@host)", text)
    .option('--because <text>', "why you do it, for the operators' log", text);
}

const LONGEST = 1000;

function text(value: string): string {
  if (value.trim() !== '' && value.length <= LONGEST) return value;
  throw new InvalidArgumentError(`It must be a text of 1 to ${LONGEST} characters.`);
}

/** Who acts: `--as`, or the user of this machine. */
export function operatorOf({ as, because }: OperatorOptions): Operator {
  return { who: as ?? `${userName()}@${hostname()}`, via: 'cli', reason: because };
}

/** A user id without an entry in the machine's list of users, as in a container, has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The operators' log on a connection that is open already. */
export function operatorLog(io: CommandIo, client: Client): OperatorLog {
  return new OperatorLog(client, { onUnnoted: sentence => io.printError(sentence) });
}

/** Opens the operators' log for an action. Rejects with the errors of connectDatabase: no action goes unlogged. */
export async function withOperatorLog<T>(
  io: CommandIo,
  config: WalmqConfig,
  act: (log: OperatorLog) => Promise<T>,
): Promise<T> {
  return await withDatabase(databaseUrlOf(io, config), client => act(operatorLog(io, client)));
}
