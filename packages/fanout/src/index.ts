export {
  type Checkpoint,
  catalogKey,
  checkpointKey,
  initializeCheckpoint,
  moveCheckpoint,
  noteCheckpointOrigin,
  readCheckpoint,
  readWholeCheckpoint,
  renameCheckpoint,
  type SourceIdentity,
  sourceTag,
} from './checkpoint/checkpoint.js';
export {
  acquireClaim,
  CLAIM_MS,
  type Claim,
  checkpointHeld,
  claimKey,
  readClaim,
  releaseClaim,
} from './checkpoint/claim.js';
export { claimHome, readHome } from './checkpoint/home.js';
export { readNotes, writeNotes } from './checkpoint/notes.js';
export { type PipelineClaim, pipelineClaimKey, pipelineCollides } from './checkpoint/pipeline-claim.js';
export type { Batch, BatchLimits } from './enqueue/batch.js';
export { Enqueuer, type EnqueuerOptions, type ProducerConnection } from './enqueue/enqueue.js';
export { ShardedEnqueuer } from './enqueue/shards.js';
export {
  countHeld,
  type HeadState,
  type Held,
  type HeldKey,
  type HeldQueue,
  HOLD_PREFIX,
  type HoldLabel,
  holdId,
  holdKey,
  isHold,
  readHeld,
  releaseKey,
} from './hold/hold-key.js';
export type { Job } from './job.js';
export { jobOptions } from './job-options.js';
export { type Backlog, type BacklogLimits, backlogVerdict, readBacklog } from './redis/backlog.js';
export { connectShard } from './redis/connect-shard.js';
export {
  type Confirmation,
  confirmDurable,
  type DurabilityVerdict,
  durabilityVerdict,
  type RedisPersistence,
  readPersistence,
} from './redis/durability.js';
export { pauseQueue } from './redis/pause-queue.js';
export { connectProducer } from './redis/producer.js';
export { type FormerKeys, readFormerKeys } from './route/former-keys.js';
export { QueueView } from './route/queue-view.js';
export { refusalOf } from './route/refusal.js';
export { Router, type RouterOptions } from './route/route.js';
