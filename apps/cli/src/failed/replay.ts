import {
  type Chain,
  chainsOf,
  countWorkers,
  followReplayed,
  type OperatorLog,
  type Replayed,
  replayFailed,
} from '@walmq/operations';
import type { Queue } from 'bullmq';
import type { Command } from 'commander';
import type { Redis } from 'ioredis';
import { operatorOf, withOperatorLog } from '../log/operator.js';
import { type CommandIo, EXIT } from '../terminal/command.js';
import { examples, type Host } from '../terminal/help.js';
import { openProgress } from '../terminal/progress.js';
import {
  addSteerOptions,
  behind,
  type Choice,
  choose,
  intentOf,
  others,
  reportChoices,
  type SteerOptions,
  say,
} from './choose.js';
import { type OpenQueues, withQueues } from './open-queues.js';

interface ReplayCommandOptions extends SteerOptions {
  /** Wait until the replayed changes, and the changes parked behind them, have completed or failed again. */
  readonly wait?: boolean;
}

/** The result for one queue. */
interface Done extends Replayed {
  readonly queue: Queue;
  /** The replayed changes with the changes parked behind them. Empty without --wait. */
  readonly chains: readonly Chain[];
}

export function addReplay(program: Command, { io, exit }: Host): void {
  addSteerOptions(program.command('replay'), { would: 'run', conflicts: 'wait' })
    .description('run failed changes again, in the order of the stream; changes parked behind them follow')
    .option(
      '--wait',
      'wait until these changes and those parked behind them have completed; exit code 1 if one failed again',
    )
    .addHelpText(
      'after',
      examples(
        ['walmq replay --queue orders --reason "SMTP" --wait', 'after the mail server is repaired'],
        ['walmq replay --table orders --key id=42', 'the changes of one row'],
        ['walmq replay --all --dry-run', 'how many changes would run?'],
      ),
    )
    .action(async (options: ReplayCommandOptions) => exit(await replayCommand(io, options)));
}

/** `walmq replay`: resolves to the exit code. With --wait, 1 if a change failed again. */
async function replayCommand(io: CommandIo, options: ReplayCommandOptions): Promise<number> {
  return await withQueues(io, options, async open => {
    const choices = await choose(io, open, options);
    if (options.dryRun || choices.length === 0)
      return reportChoices(io, options, choices, 'would be replayed');
    const signal = io.interrupted();
    const all: Done[] = [];
    await withOperatorLog(io, open.config, async log => {
      for (const choice of choices)
        all.push(await replayChoice(io, { ...open, log }, options, choice, signal));
    });
    const results: Record<string, unknown>[] = [];
    let code: number = all.some(({ left }) => left > 0) ? EXIT.failed : EXIT.ok;
    for (const { queue, chains, replayed, gone, left } of all) {
      const result = { queue: queue.name, replayed: replayed.length, gone, left };
      if (!options.wait) {
        results.push(result);
        continue;
      }
      const followed = await follow(io, open, options, { queue, chains }, signal);
      if (followed.failed.length > 0 || followed.open > 0) code = EXIT.failed;
      results.push({ ...result, ...followed });
    }
    if (options.json) io.print(JSON.stringify(results, null, 2));
    return code;
  });
}

async function replayChoice(
  io: CommandIo,
  { redis, log }: OpenQueues & { readonly log: OperatorLog },
  options: ReplayCommandOptions,
  choice: Choice,
  signal: AbortSignal,
): Promise<Done> {
  const { queue, ids, parked } = choice;
  // Read the chains before the changes run: a completed change loses its links to the changes parked behind it.
  const all = options.wait ? await chainsOf(redis, queue, ids) : [];
  const progress = openProgress(io, `Replaying ${queue.name}`, ids.length);
  try {
    const done = await log.run(
      operatorOf(options),
      intentOf('replay', choice, options),
      () => replayFailed({ redis, queue, ids, signal, onProgress: progress.at }),
      ({ replayed, gone, left }) => `${replayed.length} replayed${others(gone, left)}.`,
    );
    const replayed = new Set(done.replayed);
    const chains = all.filter(([first]) => replayed.has(first as string));
    progress.end();
    const { gone, left } = done;
    const after = parked > 0 && left === 0 ? `; ${behind(parked)} parked behind follow` : '';
    say(io, options, `${queue.name}: ${replayed.size} replayed${others(gone, left)}${after}.`);
    return { ...done, queue, chains };
  } finally {
    progress.end();
  }
}

async function follow(
  io: CommandIo,
  { redis }: OpenQueues,
  options: ReplayCommandOptions,
  { queue, chains }: Pick<Done, 'queue' | 'chains'>,
  signal: AbortSignal,
) {
  const idle = chains.length > 0 ? await whyIdle(queue, redis) : undefined;
  if (idle !== undefined) io.printError(`${queue.name}: ${idle}`);
  const total = chains.reduce((sum, chain) => sum + chain.length, 0);
  const progress = openProgress(io, `Waiting for ${queue.name}`, total);
  try {
    const followed = await followReplayed({ redis, queue, chains, signal, onProgress: progress.at });
    progress.end();
    const { completed, failed, parked, open } = followed;
    const behindThem = parked > 0 ? `, ${parked} parked behind them` : '';
    const under = open > 0 ? `, ${open} still under way` : '';
    say(
      io,
      options,
      `${queue.name}: ${completed} completed, ${failed.length} failed again${behindThem}${under}.`,
    );
    return followed;
  } finally {
    progress.end();
  }
}

/** Reason why nothing runs in the queue, so that `--wait` does not wait without a message. */
async function whyIdle(queue: Queue, redis: Redis): Promise<string | undefined> {
  if (await queue.isPaused()) return 'the queue is paused; its changes run when it is resumed.';
  // The number is not known if CLIENT LIST is forbidden.
  const workers = await countWorkers(queue, redis);
  return workers === 0 ? 'no worker is connected; its changes run when one is started.' : undefined;
}
