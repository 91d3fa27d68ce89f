import type { Discarded, Replayed } from '@walmq/operations';
import { count, plural } from './format.js';

export type Action = 'replay' | 'discard';

export interface Extent {
  readonly queues: readonly string[];
  readonly failed: number;
  readonly parked: number;
  /** True if more than `parked` changes may wait. */
  readonly isLeast: boolean;
  readonly folder: string;
}

/** The question before an action, and the name of the button that does it. */
export function confirmationOf(
  action: Action,
  extent: Extent,
): { title: string; text: string; confirm: string } {
  const { queues, failed, parked, isLeast, folder } = extent;
  const behind = `${isLeast ? 'at least ' : ''}${count(parked)}`;
  const changes = plural(failed, 'failed change');
  const of = queues.length === 1 ? `queue ${queues[0]}` : plural(queues.length, 'queue');
  if (action === 'replay')
    return {
      confirm: 'Replay',
      title: `Replay ${changes} of ${of}?`,
      text:
        `${failed === 1 ? 'It runs' : 'They run'} again, with all attempts anew. ` +
        (parked === 0
          ? 'Nothing is parked behind.'
          : `The ${behind} parked behind follow in order, each once the one before has completed.`),
    };
  return {
    confirm: 'Discard',
    title: `Discard ${changes} of ${of}?`,
    text:
      `${failed === 1 ? 'It is' : 'They are'} written to a file in ${folder} and removed: no worker will see ${failed === 1 ? 'it' : 'them'} again. ` +
      (parked === 0
        ? 'Nothing is parked behind.'
        : `The ${behind} parked behind will run without ${failed === 1 ? 'it' : 'them'}.`),
  };
}

export interface DiscardedInto extends Discarded {
  /** Where the discarded changes are kept. */
  readonly file: string;
}

/** The result of the action in all queues, as a sentence. */
export function outcomeOf(done: readonly (Replayed | DiscardedInto)[]): string {
  const sum = (pick: (result: Replayed | DiscardedInto) => number) =>
    done.reduce((total, result) => total + pick(result), 0);
  const wasGone = sum(({ gone }) => gone);
  const gone = wasGone === 0 ? '' : ` ${count(wasGone)} had been retried or removed meanwhile.`;
  const files = done.flatMap(result => ('file' in result ? [result.file] : []));
  const changes = plural(
    sum(result => ('file' in result ? result.discarded : result.replayed.length)),
    'change',
  );
  if (files.length > 0) return `${changes} discarded, kept in ${files.join(', ')}.${gone}`;
  return `${changes} replayed.${gone}`;
}
