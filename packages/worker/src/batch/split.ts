import { concernsAll, isOutOfTime } from '../failure/concerns-all.js';

/** The facts about a change of a failed batch that the decision needs. */
export interface Suspect {
  readonly changeId: string;
  /** True if a failure of this attempt is final. */
  readonly isLastTry: boolean;
}

export interface Split<S> {
  readonly parts: readonly (readonly S[])[];
  /** True if the parts run at the same time, false if one after the other. */
  readonly sideBySide: boolean;
}

/**
 * Decides how to retry a failed batch at once, in parts, so that the change that causes the failure is isolated and all
 * other changes are done. Undefined: every change of the batch fails with the batch's error.
 *
 * No change causes a failure that concerns all changes (a lost connection, a stopping process, a receiver that asks for
 * time), so each is retried later. But if this attempt is the last one for a change, the batch is split: no change may
 * fail for good because of an error that another change may have caused.
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
  // With halves, changes would wait for the slow change, deadline after deadline. So all run at the same time, as without
  // a batch.
  if (isOutOfTime(error)) return { parts: batch.map(each => [each]), sideBySide: true };
  if (concernsAll(error) && !batch.some(({ isLastTry }) => isLastTry)) return undefined;
  const middle = Math.ceil(batch.length / 2);
  return { parts: [batch.slice(0, middle), batch.slice(middle)], sideBySide: false };
}
