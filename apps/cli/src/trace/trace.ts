import { WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { readTrace, type Trace, type TraceQuery } from '@walmq/operations';
import { createPool } from '@walmq/postgres';
import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { type CommandIo, configOf, databaseUrlOf, EXIT, redisUrlOf } from '../terminal/command.js';
import { connectRedis, lostOr } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { drawTrace } from './draw-trace.js';

interface TraceCommandOptions {
  readonly change?: string;
  readonly lsn?: string;
  readonly event?: string;
  readonly orderKey?: string;
  readonly json?: boolean;
}

const CONNECT_TIMEOUT_MS = 4000;

export function addTrace(program: Command, { io, exit }: Host): void {
  program
    .command('trace')
    .description(
      'show the life of a row: its changes, where each one is, and what became of it; exit code 1 if nothing is known',
    )
    .argument('[table]', 'table of the row: orders, or sales.orders')
    .argument(
      '[key...]',
      'values of its key in their order, or column=value each, or one JSON object or array',
    )
    .addOption(
      new Option('--change <id>', 'a change, by its id or the id of its job').conflicts(['lsn', 'event']),
    )
    .addOption(
      new Option('--lsn <lsn>', 'the changes of a transaction, by the LSN of its commit').conflicts('event'),
    )
    .option('--event <key>', 'events with this key, or of the outbox aggregate with this id')
    .option('--order-key <value>', 'value of the column that orders the queue, if walmq cannot find it')
    .option('--json', 'print one object')
    .addHelpText(
      'after',
      examples(
        ['walmq trace orders 42', 'what happened to order 42?'],
        ['walmq trace order_items 42 7', 'a row with a key of two columns'],
        ['walmq trace order_items line=7 order_id=42', 'the same by name'],
        ['walmq trace --change 00000000019F2B40-0000000001', 'a change that a log names'],
        ['walmq trace --lsn 0/19F2B40', 'what one transaction changed'],
        ['walmq trace --event 42', 'events of the key 42'],
      ),
    )
    .action(async (table: string | undefined, key: string[], options: TraceCommandOptions) =>
      exit(await traceCommand(io, queryOf(table, key, options), options)),
    );
}

/** `walmq trace`: resolves to the exit code: 1 if nothing is known of what was asked. */
async function traceCommand(io: CommandIo, query: TraceQuery, options: TraceCommandOptions): Promise<number> {
  const config = await configOf(io);
  const trace = await traced(io, config, query);
  io.print(options.json ? JSON.stringify(trace, null, 2) : drawTrace(trace, io.colours).join('\n'));
  return trace.changes.length > 0 ? EXIT.ok : EXIT.failed;
}

async function traced(io: CommandIo, config: WalmqConfig, query: TraceQuery): Promise<Trace> {
  const redis = await connectRedis(redisUrlOf(io, config));
  const database = databaseOrWhy(io, config);
  try {
    return await readTrace({ config, database, redis, query });
  } catch (error) {
    throw lostOr(redis, error);
  } finally {
    redis.disconnect();
    if (!(database instanceof Error)) await database.end();
  }
}

/** Without a database the trace still shows what Redis knows. */
function databaseOrWhy(io: CommandIo, config: WalmqConfig): Pool | Error {
  try {
    return createPool({
      url: databaseUrlOf(io, config),
      name: 'walmq cli',
      max: 1,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
  } catch (cause) {
    return cause as Error;
  }
}

/** Throws OPTION_MISSING or OPTION_INVALID. */
function queryOf(
  table: string | undefined,
  key: readonly string[],
  options: TraceCommandOptions,
): TraceQuery {
  const { change, lsn, event, orderKey } = options;
  if (change === undefined && lsn === undefined && event === undefined) {
    if (table === undefined || key.length === 0)
      throw new WalmqError('OPTION_MISSING', 'no row was named.', {
        remedy: 'Give a table and a key: walmq trace orders 42. Or --change, --lsn or --event.',
      });
    return { by: 'row', table, key, orderKey };
  }
  if (table !== undefined)
    throw new WalmqError('OPTION_INVALID', 'both a row and an option that names changes were given.', {
      remedy: 'Give either a table and a key, or one of --change, --lsn and --event.',
    });
  if (change !== undefined) return { by: 'change', id: change };
  if (lsn !== undefined) return { by: 'lsn', lsn };
  return { by: 'event', key: event as string };
}
