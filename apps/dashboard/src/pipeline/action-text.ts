import type { Discarded, Replayed } from '@walmq/operations';
import { count, plural } from './format.js';

export type Action = 'replay' | 'discard';

export interface Extent {
  readonly queue: string;
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
  const { queue, failed, parked, isLeast, folder } = extent;
  const behind = `${isLeast ? 'at least ' : ''}${count(parked)}`;
  const changes = plural(failed, 'failed change');
  if (action === 'replay')
    return {
      confirm: 'Replay',
      title: `Replay ${changes} of queue ${queue}?`,
      text:
        `${failed === 1 ? 'It runs' : 'They run'} again, with all attempts anew. ` +
        (parked === 0
          ? 'Nothing is parked behind.'
          : `The ${behind} parked behind follow in order, each once the one before has completed.`),
    };
  return {
    confirm: 'Discard',
    title: `Discard ${changes} of queue ${queue}?`,
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

/** The result of the action, as a sentence. */
export function outcomeOf(done: Replayed | DiscardedInto): string {
  const gone = done.gone === 0 ? '' : ` ${count(done.gone)} had been retried or removed meanwhile.`;
  if ('file' in done) return `${plural(done.discarded, 'change')} discarded, kept in ${done.file}.${gone}`;
  return `${plural(done.replayed.length, 'change')} replayed.${gone}`;
}
