export { bytesText } from './bytes.js';
export {
  endHeartbeat,
  heartbeatPrefix,
  readHeartbeats,
  writeHeartbeat,
} from './heartbeat.js';
export {
  type CapturePositions,
  type CaptureStatus,
  type CheckpointStatus,
  type DatabaseStatus,
  type LagStatus,
  type PipelineStatus,
  type Problem,
  type QueueStatus,
  type RedisStatus,
  type Severity,
  type SlotStatus,
  type Unreachable,
  VERDICT_CODES,
  type Verdict,
  type VerdictCode,
} from './pipeline-status.js';
export { databaseRemedy, redisRemedy } from './reach-remedy.js';
export { readQueue } from './read-queue.js';
export { type RedisServer, readRedisServer } from './read-redis-server.js';
export { readResume } from './read-resume.js';
export { readSlotDetail, type SlotDetail } from './read-slot-detail.js';
export { readStatus, type StatusOptions } from './read-status.js';
export { verdicts } from './verdicts.js';
