export { countParked, MAX_COUNTED } from './count-parked.js';
export { type Discarded, type DiscardOptions, discardFailed } from './discard-failed.js';
export {
  type FailureGroup,
  type FailureKind,
  type FailureReport,
  kindId,
  NO_FAILURES,
} from './failures.js';
export { type FailedFilter, type FailedJob, matches } from './filter.js';
export { type Followed, followReplayed } from './follow-replayed.js';
export { normalizeReason } from './normalize-reason.js';
export { failedIds, failedJobs, readFailures } from './read-failed.js';
export { type Replayed, type ReplayOptions, replayFailed } from './replay-failed.js';
