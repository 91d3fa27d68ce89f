import { type LogEntry, type LogFilter, pruneLog, readLog } from '@walmq/operations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { time } from '../failed/options.js';
import { type CommandIo, configOf, databaseUrlOf } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { printable } from '../terminal/printable.js';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from './operator.js';

interface LogOptions extends OperatorOptions {
  readonly who?: string;
  readonly action?: string;
  readonly queue?: string;
  readonly outcome?: string;
  readonly change?: string;
  readonly since?: number;
  readonly until?: number;
  readonly before?: string;
  readonly limit: number;
  readonly prune?: number;
  readonly json?: boolean;
}

const MOST = 1000;

export function addLog(program: Command, { io }: Host): void {
  addOperatorOptions(program.command('log'))
    .description("list the operators' log, newest first: who did what, when, why, and how it ended")
    .option('--who <name>', 'entries of this operator')
    .option('--action <action>', 'entries of this action: replay, discard, correct, pause-key, ...')
    .option('--queue <name>', 'entries of this queue')
    .addOption(
      new Option('--outcome <outcome>', 'entries with this outcome').choices(['begun', 'done', 'failed']),
    )
    .option('--change <id>', 'entries that name this change')
    .option(
      '--since <time>',
      'entries begun at or after this time: 2026-01-31T10:00, or 30s, 15m, 2h, 3d ago',
      time,
    )
    .option('--until <time>', 'entries begun at or before this time', time)
    .option('--before <id>', 'entries older than the entry of this id: the next page', id)
    .option('--limit <number>', 'at most so many entries', limit, 50)
    .addOption(
      new Option('--prune <time>', 'delete entries begun before this time: 365d ago; itself an entry')
        .argParser(time)
        .conflicts(['who', 'action', 'queue', 'outcome', 'change', 'since', 'until', 'before']),
    )
    .option('--json', 'print one entry per line as JSON, with the original and corrected data')
    .addHelpText(
      'after',
      examples(
        ['walmq log --since 1d', 'what was done since yesterday?'],
        ['walmq log --change 0000000001A2B3C8-0000000001', 'what was done with this change?'],
        ['walmq log --prune 365d', 'delete what is older than a year'],
      ),
    )
    .action((options: LogOptions) => logCommand(io, options));
}

function id(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be the id of an entry, as "walmq log" prints it.');
}

function limit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST}.`);
}

async function logCommand(io: CommandIo, options: LogOptions): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    if (options.prune !== undefined) {
      const { prune } = options;
      const before = new Date(prune).toISOString();
      const pruned = await operatorLog(io, client).run(
        operatorOf(options),
        { action: 'prune-log', details: { before } },
        () => pruneLog(client, prune),
        count => `${count} entries deleted.`,
      );
      io.print(options.json ? JSON.stringify({ pruned, before }) : `${pruned} entries deleted.`);
      return;
    }
    const { entries, next } = await readLog(client, filterOf(options));
    for (const entry of entries) io.print(options.json ? JSON.stringify(entry) : lineOf(entry));
    if (options.json) return;
    if (entries.length === 0) io.print('The log has no such entry.');
    if (next !== undefined) io.print(`There are older ones: --before ${next}`);
  });
}

function filterOf(options: LogOptions): LogFilter {
  const { who, action, queue, outcome, change, since, until, before, limit: most } = options;
  return { who, action, queue, outcome, changeId: change, fromMs: since, toMs: until, before, limit: most };
}

function lineOf(entry: LogEntry): string {
  const {
    id: number,
    begunAt,
    who,
    via,
    action,
    queue,
    table,
    key,
    changeIds,
    reason,
    outcome,
    result,
  } = entry;
  const about = [queue, table, key, changeIds.length === 1 ? changeIds[0] : undefined].filter(Boolean);
  const why = reason === null ? '' : `  because ${JSON.stringify(reason)}`;
  return printable(
    `${number}  ${begunAt}  ${who} (${via})  ${action} ${about.join(' ')}  ${outcome}${result === null ? '' : `: ${result}`}${why}`,
  );
}
