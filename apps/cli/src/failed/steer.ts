import { createInterface } from 'node:readline/promises';
import { WalmqError } from '@walmq/change';
import {
  countParked,
  discardFailed,
  failedIds,
  followReplayed,
  MAX_COUNTED,
  replayFailed,
} from '@walmq/replay';
import type { Queue } from 'bullmq';
import { type CommandIo, EXIT } from '../command.js';
import { type OpenQueues, withQueues } from './open-queues.js';
import { type FilterOptions, filterOf, isNarrowed } from './options.js';
import { openProgress } from './progress.js';

export interface SteerOptions extends FilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ReplayCommandOptions extends SteerOptions {
  /** Until what was replayed, and what is parked behind it, has completed or failed again. */
  readonly wait?: boolean;
}

export interface DiscardCommandOptions extends SteerOptions {
  readonly yes?: boolean;
  /** The file that what is discarded is written to first. */
  readonly to?: string;
}

interface Choice {
  readonly queue: Queue;
  readonly ids: readonly string[];
  readonly parked: number;
}

/** `walmq replay`: resolves to the exit code; with --wait 1 when something failed again. */
export async function replayCommand(io: CommandIo, options: ReplayCommandOptions): Promise<number> {
  return await withQueues(io, options, async open => {
    const choices = await choose(open, options);
    if (options.dryRun) return report(io, options, choices, 'would be replayed');
    const signal = io.interrupted();
    const results: Record<string, unknown>[] = [];
    let code: number = EXIT.ok;
    for (const { queue, ids } of choices) {
      const progress = openProgress(io, `Replaying ${queue.name}`, ids.length);
      const { replayed, gone, left } = await replayFailed({ queue, ids, signal, onProgress: progress.at });
      progress.end();
      const result = { queue: queue.name, replayed: replayed.length, gone, left };
      say(io, options, `${queue.name}: ${replayed.length} replayed${others(gone, left)}.`);
      if (left > 0) code = EXIT.failed;
      if (!options.wait) {
        results.push(result);
        continue;
      }
      const waiting = openProgress(io, `Waiting for ${queue.name}`, replayed.length);
      const end = await followReplayed({
        redis: open.redis,
        queue,
        ids: replayed,
        signal,
        onProgress: (done, under) => waiting.at(done, done + under),
      });
      waiting.end();
      if (end.failed.length > 0 || end.open > 0) code = EXIT.failed;
      results.push({ ...result, ...end });
      say(
        io,
        options,
        `${queue.name}: ${end.completed} completed, ${end.failed.length} failed again${end.open > 0 ? `, ${end.open} still under way` : ''}.`,
      );
    }
    if (options.json) io.print(JSON.stringify(results, null, 2));
    return code;
  });
}

/** `walmq discard`: resolves to the exit code. Rejects with NOT_CONFIRMED unless somebody said yes. */
export async function discardCommand(io: CommandIo, options: DiscardCommandOptions): Promise<number> {
  return await withQueues(io, options, async open => {
    const choices = await choose(open, options);
    if (options.dryRun || choices.length === 0) return report(io, options, choices, 'would be discarded');
    if (!options.yes) await confirm(io, choices);
    const signal = io.interrupted();
    const results: Record<string, unknown>[] = [];
    let code: number = EXIT.ok;
    for (const { queue, ids, parked } of choices) {
      const progress = openProgress(io, `Discarding ${queue.name}`, ids.length);
      const file = fileFor(queue.name, options.to, choices.length);
      const done = await discardFailed({
        redis: open.redis,
        queue,
        ids,
        file,
        signal,
        onProgress: progress.at,
      });
      progress.end();
      if (done.left > 0) code = EXIT.failed;
      results.push({ queue: queue.name, ...done });
      say(
        io,
        options,
        `${queue.name}: ${done.discarded} discarded${others(done.gone, done.left)}, kept in ${done.file}; ${behind(parked)} behind run without them.`,
      );
    }
    if (options.json) io.print(JSON.stringify(results, null, 2));
    return code;
  });
}

/** What is meant, queue by queue, in the order of the stream. Throws NOT_NARROWED, FAILED_NOT_FOUND. */
async function choose({ redis, queues }: OpenQueues, options: SteerOptions): Promise<Choice[]> {
  if (!options.all && !isNarrowed(options))
    throw new WalmqError('NOT_NARROWED', 'nothing says which failed changes are meant.', {
      remedy: 'Give a filter such as --queue, --key or --reason, or --all.',
    });
  const choices: Choice[] = [];
  for (const queue of queues) {
    const ids = await failedIds(queue, filterOf(options));
    if (ids.length > 0) choices.push({ queue, ids, parked: await countParked(redis, queue, ids) });
  }
  if (choices.length === 0 && options.id) throw await explainMissing(queues, options.id);
  return choices;
}

/** What has been removed cannot be replayed, and what has completed must not. */
async function explainMissing(queues: readonly Queue[], ids: readonly string[]): Promise<WalmqError> {
  for (const id of ids)
    for (const queue of queues) {
      const state = await queue.getJobState(id);
      if (state === 'completed')
        return new WalmqError('ALREADY_COMPLETED', `${id} of queue ${queue.name} has completed.`, {
          remedy: 'It cannot be replayed: later changes of its row have run since.',
        });
      if (state !== 'unknown')
        return new WalmqError('NOT_FAILED', `${id} of queue ${queue.name} is ${state}, not failed.`, {
          remedy: 'It runs by itself; see walmq status.',
        });
    }
  return new WalmqError('FAILED_NOT_FOUND', `no queue holds ${ids.join(', ')}.`, {
    remedy:
      'What has been removed from Redis (completed and past its retention, or discarded) cannot be replayed from it.',
  });
}

function report(io: CommandIo, { json }: SteerOptions, choices: readonly Choice[], what: string): number {
  if (json) {
    io.print(
      JSON.stringify(
        choices.map(({ queue, ids, parked }) => ({ queue: queue.name, ids, parked })),
        null,
        2,
      ),
    );
    return EXIT.ok;
  }
  if (choices.length === 0) io.print('Nothing has failed that matches.');
  for (const { queue, ids, parked } of choices)
    io.print(`${queue.name}: ${ids.length} ${what}; ${behind(parked)} parked behind.`);
  return EXIT.ok;
}

async function confirm(io: CommandIo, choices: readonly Choice[]): Promise<void> {
  const lines = choices.map(
    ({ queue, ids, parked }) =>
      `${ids.length} failed change(s) of queue ${queue.name} are discarded, and ${behind(parked)} parked behind will run without them.`,
  );
  const question = `${lines.join('\n')}\nType yes to go on: `;
  if (!io.isTerminal || (await io.ask(question)).trim() !== 'yes')
    throw new WalmqError('NOT_CONFIRMED', `nothing was discarded. ${lines.join(' ')}`, {
      remedy: 'Say so with --yes.',
    });
}

/** On the terminal that the command was typed into. */
export async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

function fileFor(queue: string, to: string | undefined, queues: number): string {
  if (to !== undefined)
    return queues === 1 ? to : to.replace(/(\.[^./]*)?$/, extension => `-${queue}${extension}`);
  return `walmq-discarded-${queue}-${new Date().toISOString().replaceAll(':', '-')}.jsonl`;
}

function behind(parked: number): string {
  return parked >= MAX_COUNTED ? `at least ${parked}` : String(parked);
}

function others(gone: number, left: number): string {
  return `${gone > 0 ? `, ${gone} retried or removed by somebody else` : ''}${left > 0 ? `, ${left} not reached` : ''}`;
}

function say(io: CommandIo, { json }: SteerOptions, line: string): void {
  if (!json) io.print(line);
}
