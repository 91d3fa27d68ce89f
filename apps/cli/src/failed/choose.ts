import { WalmqError } from '@walmq/change';
import {
  changeIdOf,
  countParked,
  explainMissing,
  failedIds,
  type Intent,
  MAX_COUNTED,
} from '@walmq/operations';
import type { Queue } from 'bullmq';
import { type Command, Option } from 'commander';
import { addOperatorOptions, type OperatorOptions } from '../log/operator.js';
import { type CommandIo, EXIT } from '../terminal/command.js';
import type { OpenQueues } from './open-queues.js';
import { addFilterOptions, type FilterOptions, filterOf, isNarrowed } from './options.js';

export interface SteerOptions extends FilterOptions, OperatorOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The options of a command that acts on the failed changes that it selects. `conflicts`: an option that a dry run excludes. */
export function addSteerOptions(
  command: Command,
  { would, conflicts }: { readonly would: string; readonly conflicts: string },
): Command {
  return addOperatorOptions(addFilterOptions(command))
    .option('--all', 'select all failed changes')
    .addOption(new Option('--dry-run', `print what would ${would}, and change nothing`).conflicts(conflicts))
    .option('--json', 'print the result as JSON');
}

/** The selected failed changes of one queue. */
export interface Choice {
  readonly queue: Queue;
  /** Job ids in the order of the stream. */
  readonly ids: readonly string[];
  readonly parked: number;
}

/**
 * Selects failed changes by the options, for each queue. Rejects with OPTION_MISSING if no option selects changes. If
 * an id of `--id` has not failed, prints the reason of explainMissing, or rejects with it if nothing else is selected.
 */
export async function choose(
  io: CommandIo,
  { redis, queues }: Omit<OpenQueues, 'config'>,
  options: SteerOptions,
): Promise<Choice[]> {
  if (!options.all && !isNarrowed(options))
    throw new WalmqError('OPTION_MISSING', 'no option selects the failed changes.', {
      remedy: 'Give a filter such as --queue, --key or --reason, or --all.',
    });
  const choices: Choice[] = [];
  for (const queue of queues) {
    const ids = await failedIds({ redis, queue, filter: filterOf(options) });
    if (ids.length > 0) choices.push({ queue, ids, parked: await countParked(redis, queue, ids) });
  }
  const chosen = new Set(choices.flatMap(({ ids }) => ids.flatMap(id => [id, changeIdOf(id)])));
  for (const id of options.id?.filter(wanted => !chosen.has(wanted)) ?? []) {
    const failed = (
      await Promise.all(queues.map(queue => failedIds({ redis, queue, filter: { ids: new Set([id]) } })))
    ).flat();
    // The change has failed, but another filter leaves it out.
    if (failed.length > 0) continue;
    const why = await explainMissing(redis, queues, id);
    if (choices.length === 0) throw why;
    io.printError(why.sentence);
  }
  return choices;
}

/** Prints what the command would do. Returns the exit code. */
export function reportChoices(
  io: CommandIo,
  { json }: SteerOptions,
  choices: readonly Choice[],
  what: string,
): number {
  const plain = choices.map(({ queue, ids, parked }) => ({ queue: queue.name, ids, parked }));
  if (json) io.print(JSON.stringify(plain, null, 2));
  else if (choices.length === 0) io.print('Nothing has failed that matches.');
  else
    for (const { queue, ids, parked } of plain)
      io.print(`${queue}: ${ids.length} ${what}; ${behind(parked)} parked behind.`);
  return EXIT.ok;
}

export function behind(parked: number): string {
  return parked >= MAX_COUNTED ? `at least ${parked}` : String(parked);
}

export function others(gone: number, left: number): string {
  return `${gone > 0 ? `, ${gone} retried or removed by somebody else` : ''}${left > 0 ? `, ${left} not reached` : ''}`;
}

/** The entry of the operators' log about the selected changes of one queue. */
export function intentOf(
  action: 'replay' | 'discard',
  { queue, ids, parked }: Choice,
  options: SteerOptions,
): Intent {
  const { as: _as, because: _because, json: _json, ...selected } = options;
  return {
    action,
    queue: queue.name,
    changeIds: ids.map(id => changeIdOf(id) ?? id),
    details: {
      selected: Object.fromEntries(Object.entries(selected).map(([name, value]) => [name, String(value)])),
      parked,
    },
  };
}

export function say(io: CommandIo, { json }: SteerOptions, line: string): void {
  if (!json) io.print(line);
}
