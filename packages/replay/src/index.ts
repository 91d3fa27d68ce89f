export { countParked, MAX_COUNTED } from './count-parked.js';
export { type Discarded, type DiscardOptions, discardFailed } from './discard-failed.js';
export { createDiscardFile, type DiscardFile } from './discard-file.js';
export { explainMissing } from './explain-missing.js';
export { changeIdOf, type FailedJob, reasonOf } from './failed-job.js';
export {
  type FailureGroup,
  type FailureKind,
  type FailureReport,
  kindId,
  kindOf,
  NO_FAILURES,
} from './failures.js';
export type { FailedFilter } from './filter.js';
export {
  type Chain,
  chainsOf,
  type Followed,
  type FollowOptions,
  followReplayed,
} from './follow-replayed.js';
export {
  type FailedOptions,
  type FailuresOptions,
  failedIds,
  failedJobs,
  readFailures,
} from './read-failed.js';
export { type Replayed, type ReplayOptions, replayFailed } from './replay-failed.js';
