import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Backfill,
  backfillTableMissing,
  checkFilter,
  doneOf,
  estimateRows,
  listBackfills,
  readKeyedTable,
  requestBackfill,
  steerBackfill,
} from '@walmq/backfill';
import { qualifiedName, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from 'pg';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from '../log/operator.js';
import { type CommandIo, configOf, databaseUrlOf, EXIT } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { openProgress } from '../terminal/progress.js';
import { fullNameOf } from '../terminal/tables.js';
import { backfillLines } from './print-backfill.js';

interface BackfillCommandOptions extends OperatorOptions {
  readonly queue?: string;
  readonly table?: string;
  /** SQL condition on the table's columns. */
  readonly where?: string;
  /** Number of rows in a chunk. */
  readonly chunk: number;
  /** Show the progress until the backfill has ended. */
  readonly watch?: boolean;
  readonly list?: boolean;
  /** Id of the backfill to cancel, pause or resume. */
  readonly cancel?: string;
  readonly pause?: string;
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addBackfill(program: Command, { io, exit }: Host): void {
  addOperatorOptions(program.command('backfill'))
    .description(
      'enqueue the existing rows of a table, in order with its changes; without --queue list backfills',
    )
    .option('--queue <name>', 'enqueue into this queue')
    .option('--table <table>', 'read this table; required if the queue takes several')
    .option('--where <condition>', 'read only rows that match this SQL condition')
    .option('--chunk <rows>', 'maximum number of rows per read', rowCount, 1000)
    .option('--watch', 'show the progress until the backfill ends; Ctrl+C leaves it running')
    .addOption(
      new Option('--dry-run', 'print the estimated number of rows, and change nothing').conflicts('watch'),
    )
    .addOption(new Option('--list', 'list all backfills and their progress').conflicts('queue'))
    .addOption(new Option('--cancel <id>', 'end a backfill; enqueued rows stay').conflicts(['queue', 'list']))
    .addOption(new Option('--pause <id>', 'pause a backfill').conflicts(['queue', 'list', 'cancel']))
    .addOption(
      new Option('--resume <id>', 'continue a paused or failed backfill where it was').conflicts([
        'queue',
        'list',
        'cancel',
        'pause',
      ]),
    )
    .option('--json', 'print backfills as JSON')
    .addHelpText(
      'after',
      examples(
        ['walmq backfill --queue orders --watch', 'every row of the table'],
        [`walmq backfill --queue orders --where "status = 'pending'"`, 'only pending orders'],
        ['walmq backfill --list', 'all backfills and their progress'],
        ['walmq backfill --cancel 3', 'end backfill 3'],
      ),
    )
    .action(async (options: BackfillCommandOptions) => exit(await backfillCommand(io, options)));
}

function rowCount(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('It must be a number of rows, from 1 to 100000.');
}

/** `walmq backfill`: resolves to the exit code. With --watch, 1 unless the backfill is done. */
async function backfillCommand(io: CommandIo, options: BackfillCommandOptions): Promise<number> {
  const config = await configOf(io);
  return await withDatabase(databaseUrlOf(io, config), async client => {
    try {
      return await act(io, options, { config, client });
    } catch (error) {
      throw backfillTableMissing(error) ?? error;
    }
  });
}

interface Scene {
  readonly config: WalmqConfig;
  readonly client: Client;
}

async function act(io: CommandIo, options: BackfillCommandOptions, scene: Scene): Promise<number> {
  const { slot } = scene.config.source;
  const step = (['cancel', 'pause', 'resume'] as const).find(each => options[each] !== undefined);
  if (step) {
    const id = options[step] as string;
    const backfill = await operatorLog(io, scene.client).run(
      operatorOf(options),
      { action: `${step}-backfill`, details: { backfill: id } },
      () => steerBackfill(scene.client, { slot, id, step }),
      ({ status }) => `Backfill ${id} is ${status}.`,
    );
    report(io, options, [backfill]);
    return step === 'resume' && options.watch ? await watch(io, options, scene, backfill) : EXIT.ok;
  }
  if (options.list || options.queue === undefined) {
    report(io, options, await listBackfills(scene.client, slot));
    return EXIT.ok;
  }
  return await begin(io, options, scene);
}

async function begin(io: CommandIo, options: BackfillCommandOptions, scene: Scene): Promise<number> {
  const { client, config } = scene;
  const { slot, publication } = config.source;
  const { queue, schema, table } = targetOf(options, config);
  const keyed = await readKeyedTable(client, { schema, table, publication });
  const filter = options.where ?? null;
  if (filter !== null) await checkFilter(client, keyed, filter);
  const rowsExpected = await estimateRows(client, keyed, filter);
  if (options.dryRun) {
    const result = { queue, schema, table, filter, rowsExpected };
    io.print(
      options.json
        ? JSON.stringify(result)
        : `About ${rowsExpected} rows of ${qualifiedName({ schema, table })} would be enqueued into "${queue}".`,
    );
    return EXIT.ok;
  }
  const chunkRows = options.chunk;
  const request = { slot, queue, schema, table, filter, chunkRows, rowsExpected };
  const backfill = await operatorLog(io, client).run(
    operatorOf(options),
    {
      action: 'backfill',
      queue,
      table: qualifiedName({ schema, table }),
      details: { filter, chunkRows, rowsExpected },
    },
    () => requestBackfill(client, request),
    ({ id }) => `Backfill ${id} requested.`,
  );
  if (options.watch) return await watch(io, options, scene, backfill);
  if (options.json) io.print(JSON.stringify(backfill));
  else {
    io.print(
      `Backfill ${backfill.id}: about ${rowsExpected} rows of ${qualifiedName({ schema, table })} into "${queue}".`,
    );
    io.print('The capture that reads the slot takes it up; "walmq backfill --list" says how far it is.');
  }
  return EXIT.ok;
}

/** The queue and the table that the options name. Throws QUEUE_UNKNOWN, OPTION_MISSING and TABLE_NOT_IN_QUEUE. */
function targetOf({ queue: name = '', table: wanted }: BackfillCommandOptions, { queues }: WalmqConfig) {
  const queue = queues[name];
  if (!queue)
    throw new WalmqError('QUEUE_UNKNOWN', `there is no queue "${name}" in the configuration.`, {
      remedy: `Its queues are: ${Object.keys(queues).join(', ')}.`,
    });
  const names = queue.tables.map(qualifiedName);
  const remedy = `Its tables are: ${names.join(', ') || 'none'}.`;
  if (wanted === undefined && names.length !== 1)
    throw new WalmqError(
      'OPTION_MISSING',
      `the queue "${name}" takes ${names.length} tables, and --table selects none.`,
      {
        remedy,
      },
    );
  const full = wanted === undefined ? names[0] : fullNameOf(wanted);
  const route = queue.tables[names.indexOf(full as string)];
  if (!route)
    throw new WalmqError('TABLE_NOT_IN_QUEUE', `the queue "${name}" does not take ${full}.`, { remedy });
  return { queue: name, schema: route.schema, table: route.table };
}

const LOOK_EVERY_MS = 500;

/** Draws the progress until the backfill has ended or Ctrl+C. After Ctrl+C the backfill continues. */
async function watch(
  io: CommandIo,
  options: BackfillCommandOptions,
  { client, config }: Scene,
  { id }: Backfill,
): Promise<number> {
  const signal = io.interrupted();
  const { slot } = config.source;
  const look = async () => (await listBackfills(client, slot)).find(each => each.id === id) as Backfill;
  let backfill = await look();
  const progress = openProgress(io, `Backfill ${id}`, Number.MAX_SAFE_INTEGER);
  try {
    while (!signal.aborted && ['waiting', 'running'].includes(backfill.status)) {
      const { done, of } = doneOf(backfill);
      progress.at(done, of);
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      backfill = await look();
    }
  } finally {
    progress.end();
  }
  report(io, options, [backfill]);
  if (signal.aborted && !options.json) io.print('It goes on; "walmq backfill --cancel" would end it.');
  return backfill.status === 'done' ? EXIT.ok : EXIT.failed;
}

function report(io: CommandIo, { json }: BackfillCommandOptions, backfills: readonly Backfill[]): void {
  if (json) io.print(JSON.stringify(backfills, null, 2));
  else for (const line of backfillLines(backfills, Date.now())) io.print(line);
}
