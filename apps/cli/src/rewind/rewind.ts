import { setTimeout as sleep } from 'node:timers/promises';
import { parseLsn, qualifiedName, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import {
  beginRewind,
  checkChangeLog,
  findRewind,
  planRewind,
  type Rewind,
  type RewindOptions,
  type RewindPlan,
  sendPage,
} from '@walmq/sinks/change-log';
import { type Command, Option } from 'commander';
import type { Client } from 'pg';
import { collect, time } from '../failed/options.js';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from '../log/operator.js';
import { columnAndValue } from '../terminal/column-value.js';
import { type CommandIo, configOf, databaseUrlOf, EXIT } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { openProgress } from '../terminal/progress.js';
import { fullNameOf } from '../terminal/tables.js';

interface RewindCommandOptions extends OperatorOptions {
  readonly queue?: string;
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
  readonly table?: string;
  /** Columns of the key, each as `column=value`. */
  readonly key?: readonly string[];
  /** Id of an interrupted rewind. */
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Number of changes that one transaction sends. */
const PAGE = 500;
/** A rewind waits while the slot is behind by more WAL than this. No process holds that WAL in memory. */
const MOST_WAL_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 500;
const SAY_AFTER_LOOKS = 10;

export function addRewind(program: Command, { io, exit }: Host): void {
  addOperatorOptions(program.command('rewind'))
    .description('send changes of the change log to a queue once more, in order with its live changes')
    .option('--queue <name>', 'send to this queue')
    .option(
      '--from <time>',
      'changes committed at or after this time: 2026-01-31T10:00, or 30s, 15m, 2h, 3d ago',
      time,
    )
    .option('--to <time>', 'changes committed at or before this time (default: now)', time)
    .option('--table <table>', 'only changes of this table of the queue')
    .option(
      '--key <column=value>',
      'only changes of the row with this key; repeat it for each column of a composite key',
      collect,
    )
    .addOption(new Option('--resume <id>', 'continue an interrupted rewind').conflicts(['queue', 'from']))
    .option('--dry-run', 'print what would be sent, and send nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples(
        [
          `walmq rewind --queue orders --from '2026-01-31 10:00' --dry-run`,
          'how many changes would be sent?',
        ],
        ['walmq rewind --queue orders --from 2h --key id=42', 'changes of one row in the last two hours'],
        ['walmq rewind --resume 3', 'after Ctrl+C or a crash'],
      ),
    )
    .action(async (options: RewindCommandOptions) => exit(await rewindCommand(io, options)));
}

/** `walmq rewind`: resolves to the exit code: 1 if the rewind was interrupted. */
async function rewindCommand(io: CommandIo, options: RewindCommandOptions): Promise<number> {
  const config = await configOf(io);
  return await withDatabase(databaseUrlOf(io, config), async client => {
    await checkChangeLog(client as never);
    const resumed = options.resume === undefined ? undefined : await findRewind(client, options.resume);
    const wanted = resumed ?? wantedOf(options, config);
    const plan = await planRewind(client, wanted);
    if (!options.json) for (const line of planLines(wanted, plan)) io.print(line);
    if (options.dryRun || plan.changes === 0) {
      if (options.json) io.print(JSON.stringify({ queue: wanted.queue, ...plan, sent: 0 }));
      return EXIT.ok;
    }
    if (!resumed) await confirm(io, options);
    const { queue, tables, from, to, key } = wanted;
    return await operatorLog(io, client).run(
      operatorOf(options),
      {
        action: resumed ? 'resume-rewind' : 'rewind',
        queue,
        key: key === null ? undefined : JSON.stringify(key),
        details: { tables, from, to, changes: plan.changes, ...(resumed && { rewind: resumed.id }) },
      },
      async () => {
        const rewind = resumed ?? (await beginRewind(client, wanted));
        return await send(io, options, { client, config, rewind, total: plan.changes });
      },
      code => (code === EXIT.ok ? 'All changes sent.' : 'Interrupted: not all changes are sent.'),
    );
  });
}

/** The changes and the queue that the options select. Throws OPTION_MISSING, QUEUE_UNKNOWN, TABLE_NOT_IN_QUEUE. */
function wantedOf(options: RewindCommandOptions, { queues }: WalmqConfig): RewindOptions {
  const { queue: name, from, to = Date.now(), table } = options;
  if (name === undefined || from === undefined)
    throw new WalmqError('OPTION_MISSING', 'no option selects the changes and the queue.', {
      remedy: "Give both: walmq rewind --queue orders --from '2026-01-31 10:00'",
    });
  const queue = queues[name];
  if (!queue)
    throw new WalmqError('QUEUE_UNKNOWN', `there is no queue "${name}" in the configuration.`, {
      remedy: `Its queues are: ${Object.keys(queues).join(', ')}.`,
    });
  const taken = queue.tables.map(qualifiedName);
  const full = table === undefined ? undefined : fullNameOf(table);
  const tables = full === undefined ? taken : taken.filter(each => each === full);
  if (tables.length === 0)
    throw new WalmqError(
      'TABLE_NOT_IN_QUEUE',
      `the queue "${name}" takes no changes of ${full ?? 'any table'}.`,
      {
        remedy: `Its tables are: ${taken.join(', ') || 'none'}.`,
      },
    );
  const key = options.key ? Object.fromEntries(options.key.map(keyMember)) : null;
  return { queue: name, tables, from: new Date(from).toISOString(), to: new Date(to).toISOString(), key };
}

/** Parses `column=value`. Returns a safe integer as a number and any other value as text. Throws OPTION_INVALID. */
function keyMember(text: string): [string, unknown] {
  const pair = columnAndValue(text);
  if (!pair)
    throw new WalmqError('OPTION_INVALID', `--key ${text} names no column.`, {
      remedy: 'Write it as --key id=42.',
    });
  const [column, value] = pair;
  const number = Number(value);
  return [column, value !== '' && Number.isSafeInteger(number) && String(number) === value ? number : value];
}

function planLines({ queue, from }: RewindOptions, plan: RewindPlan): string[] {
  const { changes, byTable, first, last, logBegins } = plan;
  if (logBegins === null) return ['The change log holds nothing of these tables.'];
  const gap =
    logBegins > from
      ? [`The change log begins at ${logBegins}: what was committed before is not in it.`]
      : [];
  if (changes === 0) return [...gap, 'Nothing was committed then that it holds.'];
  const each = byTable.map(entry => `${entry.changes} of ${entry.table}`).join(', ');
  return [...gap, `${changes} changes (${each}), committed ${first} to ${last}, to the queue "${queue}".`];
}

async function confirm(io: CommandIo, { yes, json }: RewindCommandOptions): Promise<void> {
  if (yes) return;
  const answer = json
    ? undefined
    : await io.ask?.('Handlers see them as new changes, and act again. Send them? (yes/no) ');
  if (answer?.trim().toLowerCase() === 'yes') return;
  throw new WalmqError('NOT_CONFIRMED', 'handlers would receive these changes again, and act again.', {
    remedy: 'Confirm with --yes.',
  });
}

interface Sending {
  readonly client: Client;
  readonly config: WalmqConfig;
  readonly rewind: Rewind;
  readonly total: number;
}

async function send(io: CommandIo, { json }: RewindCommandOptions, sending: Sending): Promise<number> {
  const { client, config, rewind, total } = sending;
  const signal = io.interrupted();
  const progress = openProgress(io, `Rewind ${rewind.id}`, total);
  let sent = rewind.sent;
  let ended = false;
  try {
    while (!signal.aborted && !ended) {
      const count = await sendPage(client, rewind.id, PAGE);
      sent += count;
      ended = count === 0;
      progress.at(sent, Math.max(total, sent));
      if (!ended) await untilTaken(io, { client, slot: config.source.slot, signal });
    }
  } finally {
    progress.end();
  }
  if (json) io.print(JSON.stringify({ rewind: rewind.id, queue: rewind.queue, sent, ended }));
  else if (ended) io.print(`${sent} changes sent: capture enqueues them in this order.`);
  else io.print(`${sent} of ${total} changes sent; "walmq rewind --resume ${rewind.id}" goes on.`);
  return ended ? EXIT.ok : EXIT.failed;
}

/** Waits until capture has read most of the sent changes, or until Ctrl+C. */
async function untilTaken(
  io: CommandIo,
  { client, slot, signal }: { readonly client: Client; readonly slot: string; readonly signal: AbortSignal },
): Promise<void> {
  for (let look = 0; !signal.aborted; look++) {
    const bytes = await slotTrailsBy(client, slot);
    if (bytes <= MOST_WAL_BYTES) return;
    if (look === SAY_AFTER_LOOKS)
      io.printError(
        `Waits for capture: the slot trails by ${Math.round(bytes / 1024 / 1024)} MB. "walmq status" says why.`,
      );
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function slotTrailsBy(client: Client, slot: string): Promise<number> {
  const { rows } = await client.query<{ written: string; acknowledged: string | null }>(
    `SELECT pg_current_wal_lsn() AS written,
            (SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1) AS acknowledged`,
    [slot],
  );
  const { written, acknowledged } = rows[0] as (typeof rows)[number];
  return acknowledged === null ? 0 : Number(parseLsn(written) - parseLsn(acknowledged));
}
