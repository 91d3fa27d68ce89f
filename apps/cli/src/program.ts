import { readFileSync } from 'node:fs';
import { WalmqError } from '@walmq/change';
import { redact } from '@walmq/service';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { acceptLossCommand } from './accept-loss.js';
import { type BackfillCommandOptions, backfillCommand } from './backfill/backfill.js';
import { type CommandIo, EXIT, messageOf } from './command.js';
import { completionScript, SHELLS, type Shell } from './completion.js';
import { doctorCommand } from './doctor/doctor.js';
import { type DiscardCommandOptions, discardCommand } from './failed/discard.js';
import { type FailedCommandOptions, failedCommand } from './failed/list.js';
import { addFilterOptions, collect, time } from './failed/options.js';
import { type ReplayCommandOptions, replayCommand } from './failed/replay.js';
import { type RewindCommandOptions, rewindCommand } from './rewind/rewind.js';
import { type SetupCommandOptions, setupCommand } from './setup.js';
import { sqlCommand } from './sql.js';
import { type StatusCommandOptions, statusCommand } from './status/status.js';
import { type TeardownCommandOptions, teardownCommand } from './teardown/teardown.js';
import { type TypesCommandOptions, typesCommand } from './types/types.js';

/** Runs the command line and resolves to the exit code; never rejects. */
export async function runProgram(args: readonly string[], io: CommandIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = commandLine(io, code => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.printError(redact(error instanceof WalmqError ? error.sentence : messageOf(error)));
    return EXIT.failed;
  }
}

function commandLine(io: CommandIo, exit: (code: number) => void): Command {
  const program = new Command('walmq')
    .description('Committed PostgreSQL changes as BullMQ jobs.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', ENVIRONMENT)
    .configureOutput({
      writeOut: text => io.print(text.trimEnd()),
      writeErr: text => io.printError(text.trimEnd()),
    })
    .exitOverride();

  program
    .command('setup')
    .description('prepare the database: own tables, replica identity, publication, slot; safe to run again')
    .option('--shop', "also create the reference shop's tables")
    .option('--audit', 'also create the audit log')
    .option('--change-log', 'also create the change log')
    .option('--outbox', 'also create the outbox table')
    .addOption(new Option('--dry-run', 'say what would be done, and change nothing').conflicts('sql'))
    .option('--sql', 'print the SQL for psql instead, and change nothing')
    .option('--json', 'print { status, what, remedy } for each step, a line each')
    .option(
      '--wait <seconds>',
      'how long one statement may wait for locks and open transactions',
      seconds,
      10,
    )
    .addHelpText(
      'after',
      examples(
        ['walmq setup --dry-run', 'what is missing?'],
        ['walmq setup --sql > setup.sql', 'for someone with the rights: psql -f setup.sql'],
        ['walmq setup --wait 600', 'where long transactions are common'],
      ),
    )
    .action((options: SetupCommandOptions) => setupCommand(io, options));

  program
    .command('doctor')
    .description('check everything that capture and the workers need; exit code 1 on any error')
    .option('--json', 'print an array of { check, status, found, remedy }')
    .addHelpText(
      'after',
      examples(
        ['walmq doctor', 'one line per check, and what mends it'],
        [`walmq doctor --json | jq '.[] | select(.status != "ok")'`, 'for a program'],
      ),
    )
    .action(async (options: { json?: boolean }) => exit(await doctorCommand(io, options)));

  program
    .command('status')
    .description('show database, slot, captures, queues and what is wrong; exit code 1 on any error')
    .option('--watch', 'again every second, until Ctrl+C')
    .option('--json', 'print one object; with --watch one line each time')
    .addHelpText(
      'after',
      examples(
        ['walmq status --watch', 'in a terminal beside you'],
        [`walmq status --json | jq '.queues[] | {name, waiting}'`, 'for a program'],
      ),
    )
    .action(async (options: StatusCommandOptions) => exit(await statusCommand(io, options)));

  addFilterOptions(program.command('failed'))
    .description('show what failed for good, by queue, table and reason')
    .option('--list', 'every change instead')
    .option('--json', 'print an array of groups; with --list one object a line for each change')
    .addHelpText(
      'after',
      examples(
        ['walmq failed', 'what fails, and how often?'],
        ['walmq failed --list --queue orders --since 2h', 'which changes?'],
        ['walmq failed --list --group 3f9a2c1d0b', 'those of one group'],
      ),
    )
    .action((options: FailedCommandOptions) => failedCommand(io, options));

  addFilterOptions(program.command('replay'))
    .description('run failed changes again, in the order of the stream; what is parked behind them follows')
    .option('--all', 'everything that failed')
    .addOption(new Option('--dry-run', 'say what would run, and change nothing').conflicts('wait'))
    .option(
      '--wait',
      'until they and what is parked behind have completed; exit code 1 when one failed again',
    )
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      examples(
        ['walmq replay --queue orders --reason "SMTP" --wait', 'after the mail server is mended'],
        ['walmq replay --table orders --key id=42', 'one row'],
        ['walmq replay --all --dry-run', 'how much is there?'],
      ),
    )
    .action(async (options: ReplayCommandOptions) => exit(await replayCommand(io, options)));

  addFilterOptions(program.command('discard'))
    .description(
      'give failed changes up: written to a file, removed, what is parked behind runs without them',
    )
    .option('--all', 'everything that failed')
    .option('--to <file>', 'the new file they are written to (default: walmq-discarded-<time>.jsonl)')
    .addOption(new Option('--dry-run', 'say what would be discarded, and change nothing').conflicts('yes'))
    .option('--yes', 'do not ask')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      examples(['walmq discard --queue orders --key id=42', 'asks first, and keeps them in a file']),
    )
    .action(async (options: DiscardCommandOptions) => exit(await discardCommand(io, options)));

  program
    .command('backfill')
    .description(
      'enqueue the rows that a table holds already, as reads, in order with its changes; without --queue list',
    )
    .option('--queue <name>', 'into this queue')
    .option('--table <table>', 'of this table, where the queue takes several')
    .option('--where <condition>', 'only rows of which this SQL condition holds')
    .option('--chunk <rows>', 'how many rows are read at once, at most', rowCount, 1000)
    .option('--watch', 'until it has ended, with its progress; Ctrl+C leaves it running')
    .addOption(new Option('--dry-run', 'say how many rows it would be, about').conflicts('watch'))
    .addOption(new Option('--list', 'show all, and how far they are').conflicts('queue'))
    .addOption(new Option('--cancel <id>', 'end one; what is enqueued stays').conflicts(['queue', 'list']))
    .addOption(new Option('--pause <id>', 'stop one for now').conflicts(['queue', 'list', 'cancel']))
    .addOption(
      new Option('--resume <id>', 'go on with one that is paused or has failed, where it was').conflicts([
        ...['queue', 'list', 'cancel', 'pause'],
      ]),
    )
    .option('--json', 'print backfills as JSON')
    .addHelpText(
      'after',
      examples(
        ['walmq backfill --queue orders --watch', 'every row of its table'],
        [`walmq backfill --queue orders --where "status = 'pending'"`, 'some of them'],
        ['walmq backfill --list', 'how far are they?'],
        ['walmq backfill --cancel 3', 'no more of it'],
      ),
    )
    .action(async (options: BackfillCommandOptions) => exit(await backfillCommand(io, options)));

  program
    .command('rewind')
    .description(
      'send changes that the change log has kept to a queue once more, in order with its live changes',
    )
    .option('--queue <name>', 'to this queue')
    .option('--from <time>', 'committed since: 2026-01-31T10:00, or 30s, 15m, 2h, 3d ago', time)
    .option('--to <time>', 'committed until (default: now)', time)
    .option('--table <table>', 'of this table only, of those the queue takes')
    .option(
      '--key <column=value>',
      'of the row with this key; again for each column of a composite key',
      collect,
    )
    .addOption(
      new Option('--resume <id>', 'go on with one that was interrupted').conflicts(['queue', 'from']),
    )
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      examples(
        [`walmq rewind --queue orders --from '2026-01-31 10:00' --dry-run`, 'how much would it be?'],
        ['walmq rewind --queue orders --from 2h --key id=42', 'one row, the last two hours'],
        ['walmq rewind --resume 3', 'after Ctrl+C or a crash'],
      ),
    )
    .action(async (options: RewindCommandOptions) => exit(await rewindCommand(io, options)));

  program
    .command('types')
    .description(
      "write the configured tables' row types, for handlers; with --check exit code 1 on any drift",
    )
    .option('--out <file>', 'the TypeScript file', 'src/walmq-tables.ts')
    .addOption(new Option('--check', 'say what has drifted since, and write nothing').conflicts('json'))
    .option('--json', 'print what the catalog says, and write nothing')
    .addHelpText(
      'after',
      examples(
        ['walmq types --out src/walmq-tables.ts', 'after every migration'],
        ['walmq types --check', 'in continuous integration'],
        [`walmq types --json | jq '.[].columns'`, 'for a program'],
      ),
    )
    .action(async (options: TypesCommandOptions) => exit(await typesCommand(io, options)));

  program
    .command('sql')
    .description('run one SQL statement, where there is no psql')
    .argument('<statement>', 'the statement, quoted for the shell')
    .addHelpText(
      'after',
      examples([`walmq sql "UPDATE orders SET status = 'paid' WHERE id = 1"`, 'a change']),
    )
    .action((statement: string) => sqlCommand(io, statement));

  program
    .command('accept-loss')
    .description('after Redis or the slot lost changes: go on from the slot without them')
    .option('--yes', 'really do it')
    .option('--json', 'print { checkpoints, acknowledged, moved }')
    .addHelpText(
      'after',
      examples(
        ['walmq accept-loss', 'where checkpoint and slot stand'],
        ['walmq accept-loss --yes', 'give up what is between'],
      ),
    )
    .action((options: { yes?: boolean; json?: boolean }) => acceptLossCommand(io, options));

  program
    .command('teardown')
    .description('remove walmq from database and Redis; captured tables stay')
    .addOption(new Option('--dry-run', 'say what would go, and remove nothing').conflicts('yes'))
    .option('--yes', 'really do it')
    .option('--json', 'print { status, what } for each step, a line each')
    .addHelpText(
      'after',
      examples(
        ['walmq teardown --dry-run', 'what is there of walmq?'],
        ['walmq teardown --yes', 'after all apps were stopped'],
      ),
    )
    .action((options: TeardownCommandOptions) => teardownCommand(io, options));

  program
    .command('completion')
    .description('print what makes a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        ['walmq completion bash >> ~/.bashrc', 'in every new bash'],
        ['walmq completion zsh > ~/.zfunc/_walmq', 'in a folder of $fpath'],
        ['walmq completion fish > ~/.config/fish/completions/walmq.fish', 'in every new fish'],
      ),
    )
    .action((shell: Shell) => io.print(completionScript(program, shell)));

  for (const command of program.commands) command.addHelpText('after', EXIT_CODES);
  return program;
}

const EXIT_CODES = `
Exit codes:
  0  done; of doctor and status: no error found
  1  failed, or an error found
  2  the command line was not understood`;

const ENVIRONMENT = `
Environment:
  DATABASE_URL  the database, e.g. postgres://user:password@localhost:5432/shop
  REDIS_URL     the Redis that holds the queues, e.g. redis://localhost:6379
  WALMQ_CONFIG  path of the configuration (default: walmq.config.ts)`;

function examples(...lines: (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`).join('\n')}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It must be a number of seconds, more than 0 and at most 86400.');
}

function rowCount(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('It must be a number of rows, from 1 to 100000.');
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
