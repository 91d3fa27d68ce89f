import { readFile } from 'node:fs/promises';
import { WalmqError } from '@walmq/change';
import { sourceTag } from '@walmq/fanout';
import { checkCorrection, correctChange, explainMissing, readOriginal } from '@walmq/operations';
import { readSource } from '@walmq/replication';
import type { Queue } from 'bullmq';
import { type Command, Option } from 'commander';
import type { Redis } from 'ioredis';
import { withQueues } from '../failed/open-queues.js';
import { collect } from '../failed/options.js';
import { addOperatorOptions, type OperatorOptions, operatorLog, operatorOf } from '../log/operator.js';
import { type CommandIo, databaseUrlOf } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { printable } from '../terminal/printable.js';

interface CorrectOptions extends OperatorOptions {
  readonly file?: string;
  readonly queue?: string[];
  readonly original?: boolean;
  readonly replay: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addCorrect(program: Command, { io }: Host): void {
  addOperatorOptions(program.command('correct'))
    .description('hand on a corrected copy of one change, in its place; without --file print the change')
    .argument('<id>', 'the change, as "walmq failed --changes" prints it')
    .option('--file <path>', 'the corrected change as JSON, or its before and after alone')
    .option('--queue <name>', 'the queue; required if several hold the change', collect)
    .addOption(
      new Option('--original', 'print the change as it came, before it was corrected').conflicts('file'),
    )
    .option('--no-replay', 'only correct a failed change, and do not run it again')
    .addOption(new Option('--dry-run', 'check the correction, and change nothing').conflicts('yes'))
    .option('--yes', 'do not ask')
    .option('--json', 'print { id, queue, differs, replayed }')
    .addHelpText(
      'after',
      examples(
        ['walmq correct 0000000001A2B3C8-0000000001 > data.json', 'the change as it is'],
        [
          'walmq correct 0000000001A2B3C8-0000000001 --file data.json',
          'shows what differs, asks, and runs it again',
        ],
      ),
    )
    .action((id: string, options: CorrectOptions) => correctCommand(io, id, options));
}

interface FoundJob {
  readonly queue: Queue;
  readonly jobId: string;
}

async function correctCommand(io: CommandIo, id: string, options: CorrectOptions): Promise<void> {
  const chosen = options.queue === undefined ? {} : { queue: options.queue };
  await withQueues(io, chosen, async ({ config, redis, queues }) => {
    const tag = await withDatabase(databaseUrlOf(io, config), async client =>
      sourceTag({ ...(await readSource(client)), slot: config.source.slot }),
    );
    const { queue, jobId } = await findJob(redis, queues, { id, tag });
    const original = await dataOf(redis, queue, jobId);
    if (options.file === undefined) {
      io.print(options.original ? ((await readOriginal(redis, queue, jobId)) ?? original) : original);
      return;
    }
    const given = await readFile(options.file, 'utf8').catch(cause => {
      throw new WalmqError('CORRECTION_INVALID', `the file cannot be read: ${(cause as Error).message}.`, {
        remedy: 'Name a file with the corrected change as JSON.',
        cause,
      });
    });
    const own = config.queues[queue.name] as (typeof config.queues)[string];
    const { differs } = checkCorrection({ original, given, queue: own });
    if (options.dryRun)
      return report(io, options, { id: jobId, queue: queue.name, differs, replayed: false });
    if (!options.yes) await confirm(io, differs);
    await withDatabase(databaseUrlOf(io, config), async client => {
      const operator = operatorOf(options);
      const log = operatorLog(io, client);
      const { replay } = options;
      const done = await correctChange({
        redis,
        queue,
        config: own,
        jobId,
        original,
        given,
        operator,
        log,
        replay,
      });
      report(io, options, { id: jobId, queue: queue.name, ...done });
    });
  });
}

/** Rejects with the errors of explainMissing, and with OPTION_MISSING if several queues hold the change. */
async function findJob(
  redis: Redis,
  queues: readonly Queue[],
  { id, tag }: { readonly id: string; readonly tag: string },
): Promise<FoundJob> {
  const found: FoundJob[] = [];
  // A change's id is the beginning of its job's id.
  for (const queue of queues)
    for (const jobId of [id, `${id}-${tag}`])
      if ((await redis.exists(queue.toKey(jobId))) === 1) found.push({ queue, jobId });
  const [job, ...others] = found;
  if (!job) throw await explainMissing(redis, queues, id);
  if (others.length === 0) return job;
  throw new WalmqError('OPTION_MISSING', `several queues hold ${id}, each with a job of its own.`, {
    remedy: `Choose one: ${found.map(({ queue }) => `--queue ${queue.name}`).join(', ')}.`,
  });
}

async function dataOf(redis: Redis, queue: Queue, jobId: string): Promise<string> {
  const data = await redis.hget(queue.toKey(jobId), 'data');
  if (data !== null) return data;
  throw new WalmqError('CHANGE_UNKNOWN', `queue ${queue.name} no longer holds ${jobId}.`, {
    remedy: 'It was removed, or has completed and is past its retention.',
  });
}

async function confirm(io: CommandIo, differs: readonly string[]): Promise<void> {
  const answer = await io.ask?.(`Corrects ${differs.join(', ')}. Hand it on? (yes/no) `);
  if (answer?.trim().toLowerCase() === 'yes') return;
  throw new WalmqError('NOT_CONFIRMED', `nothing was corrected; it would be ${differs.join(', ')}.`, {
    remedy: 'Confirm with --yes.',
  });
}

interface Report {
  readonly id: string;
  readonly queue: string;
  readonly differs: readonly string[];
  readonly replayed: boolean;
}

function report(io: CommandIo, { json, dryRun }: CorrectOptions, done: Report): void {
  if (json) {
    io.print(JSON.stringify(done));
    return;
  }
  const { id, queue, differs, replayed } = done;
  const what = dryRun ? 'would be corrected' : `corrected${replayed ? ', and runs again' : ''}`;
  io.print(printable(`${queue}, ${id}: ${differs.join(', ')} ${what}.`));
}
