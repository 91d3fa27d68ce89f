import { WalmqError } from '@walmq/change';
import { createDiscardFile, discardFailed } from '@walmq/replay';
import { type CommandIo, EXIT } from '../command.js';
import { behind, type Choice, choose, others, reportChoices, type SteerOptions, say } from './choose.js';
import { withQueues } from './open-queues.js';
import { openProgress } from './progress.js';

export interface DiscardCommandOptions extends SteerOptions {
  readonly yes?: boolean;
  /** The file that what is discarded is written to first. */
  readonly to?: string;
}

/** `walmq discard`: resolves to the exit code. Rejects with NOT_CONFIRMED unless somebody said yes. */
export async function discardCommand(io: CommandIo, options: DiscardCommandOptions): Promise<number> {
  return await withQueues(io, options, async ({ redis, queues }) => {
    const choices = await choose(io, { redis, queues }, options);
    if (options.dryRun || choices.length === 0)
      return reportChoices(io, options, choices, 'would be discarded');
    if (!options.yes) await confirm(io, choices);
    const signal = io.interrupted();
    const file = await createDiscardFile(options.to ?? defaultFile());
    const results: Record<string, unknown>[] = [];
    let code: number = EXIT.ok;
    for (const { queue, ids, parked } of choices) {
      const progress = openProgress(io, `Discarding ${queue.name}`, ids.length);
      const work = { redis, queue, ids, write: file.write, signal, onProgress: progress.at };
      const done = await discardFailed(work).finally(progress.end);
      if (done.left > 0) code = EXIT.failed;
      results.push({ queue: queue.name, ...done, parked, file: file.path });
      const after = parked > 0 ? `; ${behind(parked)} parked behind run without them` : '';
      say(io, options, `${queue.name}: ${done.discarded} discarded${others(done.gone, done.left)}${after}.`);
    }
    await file.close();
    say(io, options, `Kept in ${file.path}.`);
    if (options.json) io.print(JSON.stringify(results, null, 2));
    return code;
  });
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
      `nothing was discarded, as nobody could be asked. ${lines.join(' ')}`,
      {
        remedy: 'Say so with --yes.',
      },
    );
  const answer = await io.ask(`${lines.join('\n')}\nType yes to go on: `);
  if (answer.trim().toLowerCase() !== 'yes') throw new WalmqError('NOT_CONFIRMED', 'nothing was discarded.');
}

function defaultFile(): string {
  return `walmq-discarded-${new Date().toISOString().replaceAll(':', '-')}.jsonl`;
}
