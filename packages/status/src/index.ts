export { bytesText } from './bytes.js';
export { countWorkers } from './count-workers.js';
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
  TABLE_FINDING_CODES,
  type TableFinding,
  type TableFindingCode,
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
export {
  readSenderWait,
  readStandbySlots,
  type SenderWait,
  type StandbySlot,
  stallReason,
  standbySlotText,
} from './sender-wait.js';
export {
  acceptTables,
  type Moment,
  NOTHING_SEEN,
  type OpenGap,
  readTableMemory,
  type SeenTable,
  type TableLoss,
  type TableMemory,
  tableMemoryKey,
  writeTableMemory,
} from './table-memory.js';
export { tablesOf } from './tables-of.js';
export { verdicts } from './verdicts.js';
