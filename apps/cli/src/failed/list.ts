import {
  countParked,
  type FailedJob,
  failedJobs,
  kindId,
  kindOf,
  MAX_COUNTED,
  readFailures,
  reasonOf,
} from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Command } from 'commander';
import type { CommandIo } from '../terminal/command.js';
import { durationText } from '../terminal/duration.js';
import { examples, type Host } from '../terminal/help.js';
import { printable } from '../terminal/printable.js';
import { tableLines } from '../terminal/table.js';
import { listPage, type PageOptions } from './list-page.js';
import { type OpenQueues, withQueues } from './open-queues.js';
import { addFilterOptions, type FilterOptions, filterOf, pageSize } from './options.js';

interface FailedCommandOptions extends PageOptions {
  /** Print every change instead of groups. */
  readonly list?: boolean;
  readonly parked?: boolean;
}

const PAGE = 200;

export function addFailed(program: Command, { io }: Host): void {
  addFilterOptions(program.command('failed'))
    .description('show failed changes, grouped by queue, table and reason')
    .option('--list', 'print each change instead of groups')
    .option('--parked', 'print the changes that are parked, and the failed change that each one waits for')
    .option(
      '--limit <n>',
      'print one page of so many changes, newest first, and the cursor of the next',
      pageSize,
    )
    .option('--cursor <cursor>', 'go on from there')
    .option(
      '--json',
      'print an array of groups; with --list one object per change and line; a page is one object',
    )
    .addHelpText(
      'after',
      examples(
        ['walmq failed', 'groups of failures and their size'],
        ['walmq failed --list --queue orders --since 2h', 'each change of the last two hours'],
        ['walmq failed --list --group 3f9a2c1d0b', 'each change of one group'],
        ['walmq failed --limit 50 --text ann@example.com', 'one page, and how to go on'],
        ['walmq failed --parked --reason SMTP', 'what waits for changes that failed so'],
      ),
    )
    .action((options: FailedCommandOptions) => failedCommand(io, options));
}

/** `walmq failed`: prints failed changes, grouped by queue, table and reason, or one by one. */
async function failedCommand(io: CommandIo, options: FailedCommandOptions): Promise<void> {
  await withQueues(io, options, async open => {
    if (options.parked || options.limit !== undefined || options.cursor !== undefined)
      await listPage(io, { ...options, state: options.parked ? 'parked' : 'failed' }, open);
    else if (options.list) await listChanges(io, options, open);
    else await listGroups(io, options, open);
  });
}

async function listGroups(
  io: CommandIo,
  { json, ...options }: FailedCommandOptions,
  open: OpenQueues,
): Promise<void> {
  const report = await readFailures({ ...open, filter: filterOf(options), withParked: true });
  const groups = report.groups.map(group => ({
    group: kindId(group),
    queue: group.queue,
    table: group.table,
    count: group.count,
    parked: group.parked ?? 0,
    firstFailedAt: group.firstFailedAt,
    lastFailedAt: group.lastFailedAt,
    reason: redact(group.reason),
  }));
  if (json) {
    io.print(JSON.stringify(groups, null, 2));
    return;
  }
  if (groups.length === 0) {
    io.print(nothing(options));
    return;
  }
  const rows = groups.map(({ queue, table, count, parked, firstFailedAt, group, reason }) => [
    queue,
    table ?? '-',
    count,
    parked >= MAX_COUNTED ? `${parked}+` : parked,
    durationText(Math.max(0, Date.now() - Date.parse(firstFailedAt)) / 1000),
    group,
    reason,
  ]);
  const heads = ['queue', 'table', 'failed', 'parked', 'oldest', 'group', 'reason'];
  for (const line of tableLines(heads, rows)) io.print(line);
}

async function listChanges(
  io: CommandIo,
  { json, ...options }: FailedCommandOptions,
  { redis, queues }: OpenQueues,
): Promise<void> {
  let listed = 0;
  for (const queue of queues) {
    const jobs = failedJobs({ redis, queue, filter: filterOf(options) });
    for await (const page of pagesOf(jobs)) {
      const parked = await Promise.all(page.map(({ id }) => countParked(redis, queue, [id as string])));
      for (const [index, job] of page.entries()) {
        const entry = entryOf(queue.name, job, parked[index] ?? 0);
        io.print(json ? JSON.stringify(entry) : lineOf(entry));
      }
      listed += page.length;
    }
  }
  if (listed === 0 && !json) io.print(nothing(options));
}

/** "Nothing has failed" would be untrue of failures that the filter leaves out. */
function nothing(options: FilterOptions): string {
  const isFiltered = Object.values(filterOf(options)).some(condition => condition !== undefined);
  return isFiltered ? 'No failed change matches.' : 'Nothing has failed.';
}

async function* pagesOf<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function entryOf(queue: string, job: FailedJob & { readonly attemptsMade: number }, parked: number) {
  const kind = kindOf(queue, job);
  const { key = null } = (job.data ?? {}) as { key?: unknown };
  const failedAt = new Date(job.finishedOn ?? 0).toISOString();
  const { id, name, attemptsMade } = job;
  return {
    queue,
    id,
    op: name,
    table: kind.table,
    key,
    failedAt,
    attempts: attemptsMade,
    parked,
    group: kindId(kind),
    reason: redact(reasonOf(job)),
  };
}

/** One line for a failed job: the change, or only the job's name if the job is not a change. */
function lineOf(entry: ReturnType<typeof entryOf>): string {
  const { queue, id, op, table, key, failedAt, attempts, parked, reason } = entry;
  const what = table === null ? op : `${op} ${table} ${JSON.stringify(key)}`;
  const [line = ''] = reason.split('\n');
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  return printable(`${failedAt}  ${queue}  ${id}  ${what}  ${tries}  ${parked} parked  ${line}`);
}
