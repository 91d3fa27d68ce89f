/**
 * Failed changes: list, replay, discard, as `walmq replay` and the dashboard do it.
 *
 * @packageDocumentation
 */

export {
  type Chain,
  chainsOf,
  createDiscardFile,
  type Discarded,
  type DiscardFile,
  type DiscardOptions,
  discardFailed,
  type FailedFilter,
  type FailedOptions,
  type FailureKind,
  type Followed,
  type FollowOptions,
  failedIds,
  followReplayed,
  type Replayed,
  type ReplayOptions,
  replayFailed,
} from '@walmq/operations';
