import { concernsAll, isOutOfTime } from '../failure/concerns-all.js';

/** What the decision needs to know of a change whose batch has failed. */
export interface Suspect {
  readonly changeId: string;
  /** Whether a failure of this try is one for good. */
  readonly isLastTry: boolean;
}

export interface Split<S> {
  readonly parts: readonly (readonly S[])[];
  /** Whether the parts run at a time, or one after the other. */
  readonly sideBySide: boolean;
}

/**
 * How a batch that failed is tried again at once, so that a change which fails by itself is found and all others are done;
 * undefined: its changes fail with the batch's error, each for itself.
 *
 * Of a failure that concerns all changes (a connection is lost, the process stops, the other side asks for time) no change is the
 * culprit, and each is retried later. But no change may fail for good by what may be another's fault.
 */
export function splitOf<S extends Suspect>(
  batch: readonly S[],
  { error, stopping }: { readonly error: unknown; readonly stopping: boolean },
): Split<S> | undefined {
  if (batch.length < 2 || stopping) return undefined;
  const { changeId: named } = Object(error) as { changeId?: unknown };
  const culprits = batch.filter(({ changeId }) => changeId === named);
  if (culprits.length > 0)
    return {
      parts: [batch.filter(each => !culprits.includes(each)), ...culprits.map(each => [each])].filter(
        part => part.length > 0,
      ),
      sideBySide: false,
    };
  // Halves would wait for the slow one, deadline after deadline. Side by side, as changes without a batch run.
  if (isOutOfTime(error)) return { parts: batch.map(each => [each]), sideBySide: true };
  if (concernsAll(error) && !batch.some(({ isLastTry }) => isLastTry)) return undefined;
  const middle = Math.ceil(batch.length / 2);
  return { parts: [batch.slice(0, middle), batch.slice(middle)], sideBySide: false };
}
