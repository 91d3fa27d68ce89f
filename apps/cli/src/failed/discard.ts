import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import {
  createDiscardFile,
  type Discarded,
  type DiscardFile,
  discardFailed,
  type OperatorLog,
} from '@walmq/operations';
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
import { withQueues } from './open-queues.js';

interface DiscardCommandOptions extends SteerOptions {
  readonly yes?: boolean;
  /** The file that receives the changes before they are removed. */
  readonly to?: string;
}

export function addDiscard(program: Command, { io, exit }: Host): void {
  addSteerOptions(program.command('discard'), { would: 'be discarded', conflicts: 'yes' })
    .description(
      'write failed changes to a file and remove them; changes parked behind them run without them',
    )
    .option(
      '--to <file>',
      'the new file for the changes (default: walmq-discarded-<time>.jsonl, in the folder WALMQ_DISCARDED if that is set)',
    )
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(['walmq discard --queue orders --key id=42', 'asks first, and writes the changes to a file']),
    )
    .action(async (options: DiscardCommandOptions) => exit(await discardCommand(io, options)));
}

/** `walmq discard`: resolves to the exit code. Rejects with NOT_CONFIRMED without a confirmation. */
async function discardCommand(io: CommandIo, options: DiscardCommandOptions): Promise<number> {
  return await withQueues(io, options, async ({ config, redis, queues }) => {
    const choices = await choose(io, { redis, queues }, options);
    if (options.dryRun || choices.length === 0)
      return reportChoices(io, options, choices, 'would be discarded');
    if (!options.yes) await confirm(io, choices);
    return await withOperatorLog(io, config, async log => {
      const file = await createDiscardFile(options.to ?? defaultFile(io.env.WALMQ_DISCARDED));
      try {
        return await discardInto(io, options, { redis, choices, file, log });
      } finally {
        await file.close();
        say(io, options, `Kept in ${file.path}.`);
      }
    });
  });
}

async function discardInto(
  io: CommandIo,
  options: DiscardCommandOptions,
  work: {
    readonly redis: Redis;
    readonly choices: readonly Choice[];
    readonly file: DiscardFile;
    readonly log: OperatorLog;
  },
): Promise<number> {
  const { redis, choices, file, log } = work;
  const signal = io.interrupted();
  const results: (Discarded & { readonly queue: string; readonly parked: number; readonly file: string })[] =
    [];
  for (const choice of choices) {
    const { queue, ids, parked } = choice;
    const progress = openProgress(io, `Discarding ${queue.name}`, ids.length);
    const { write } = file;
    const each = { redis, queue, ids, write, signal, onProgress: progress.at };
    const done = await log
      .run(
        operatorOf(options),
        intentOf('discard', choice, options),
        () => discardFailed(each),
        ({ discarded, gone, left }) => `${discarded} discarded${others(gone, left)}, kept in ${file.path}.`,
      )
      .finally(progress.end);
    results.push({ queue: queue.name, ...done, parked, file: file.path });
    const after = parked > 0 ? `; ${behind(parked)} parked behind run without them` : '';
    say(io, options, `${queue.name}: ${done.discarded} discarded${others(done.gone, done.left)}${after}.`);
  }
  if (options.json) io.print(JSON.stringify(results, null, 2));
  return results.some(({ left }) => left > 0) ? EXIT.failed : EXIT.ok;
}

async function confirm(io: CommandIo, choices: readonly Choice[]): Promise<void> {
  const lines = choices.map(({ queue, ids, parked }) => {
    const what = ids.length === 1 ? '1 change' : `${ids.length} changes`;
    const after = parked > 0 ? `, and ${behind(parked)} parked behind will run without` : '';
    const them = parked > 0 ? (ids.length === 1 ? ' it' : ' them') : '';
    return `${what} of queue ${queue.name} ${ids.length === 1 ? 'is' : 'are'} discarded${after}${them}.`;
  });
  if (io.ask === undefined)
    throw new WalmqError(
      'NOT_CONFIRMED',
      `nothing was discarded: there is no terminal to confirm at. ${lines.join(' ')}`,
      {
        remedy: 'Confirm with --yes.',
      },
    );
  const answer = await io.ask(`${lines.join('\n')}\nType yes to go on: `);
  if (answer.trim().toLowerCase() !== 'yes') throw new WalmqError('NOT_CONFIRMED', 'nothing was discarded.');
}

/** `folder` is where the dashboard writes too: in a container, the one that is writable. */
function defaultFile(folder = ''): string {
  return join(folder, `walmq-discarded-${new Date().toISOString().replaceAll(':', '-')}.jsonl`);
}
