import { hashOf, shareOf } from '../plan/random.js';
import type { FailurePlan } from '../plan/round.js';

/** What a handler does with a change at one attempt. */
export type Fate = 'done' | 'throw' | 'throw-late' | 'postpone' | 'give-up';

/** Groups of changes that an operator cures one after the other. */
export const CURE_GROUPS = 3;

/** Number of attempts that fail for a change that is retried or postponed. */
const FAILING_ATTEMPTS = 2;

/** Pure, so that every process that gets the change decides alike. `isCured` tells whether a group's cause is removed. */
export function fateOf(options: {
  readonly seed: number;
  readonly failures: FailurePlan;
  readonly queue: string;
  readonly changeId: string;
  readonly attempt: number;
  readonly isCured: (group: number) => boolean;
}): Fate {
  const { seed, failures, queue, changeId, attempt, isCured } = options;
  const name = `${seed}/${queue}/${changeId}`;
  const share = shareOf(name);
  let limit = failures.final;
  if (share < limit) return isCured(hashOf(`cure/${name}`) % CURE_GROUPS) ? 'done' : 'give-up';
  limit += failures.retry;
  if (share < limit) return attempt <= FAILING_ATTEMPTS ? 'throw' : 'done';
  limit += failures.late;
  if (share < limit) return attempt === 1 ? 'throw-late' : 'done';
  limit += failures.postpone;
  // A postponed change loses no attempt, so its number does not grow: time decides.
  if (share < limit) return 'postpone';
  return 'done';
}
