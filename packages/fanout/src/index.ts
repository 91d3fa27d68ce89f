export { type Backlog, type BacklogLimits, backlogVerdict, readBacklog } from './backlog.js';
export type { Batch, BatchLimits } from './batch.js';
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
} from './checkpoint.js';
export {
  CLAIM_MS,
  type Claim,
  checkpointHeld,
  claimKey,
  readClaim,
  releaseClaim,
  takeClaim,
} from './claim.js';
export { connectShard } from './connect-shard.js';
export {
  type Confirmation,
  confirmDurable,
  type DurabilityVerdict,
  durabilityVerdict,
  type RedisPersistence,
  readPersistence,
} from './durability.js';
export { Enqueuer, type EnqueuerOptions, type ProducerConnection } from './enqueue.js';
export { loadBullmqScript } from './enqueue-script.js';
export { type FormerKeys, readFormerKeys } from './former-keys.js';
export type { Job } from './job.js';
export { jobOptions } from './job-options.js';
export { readNotes, writeNotes } from './notes.js';
export { pauseQueue } from './pause-queue.js';
export { connectProducer } from './producer.js';
export { refusalOf } from './refusal.js';
export {
  checkpointAhead,
  type Refusal,
  type ResumeFacts,
  type ResumeVerdict,
  resumeVerdict,
} from './resume.js';
export { Router, type RouterOptions } from './route.js';
export { ShardedEnqueuer } from './shards.js';
