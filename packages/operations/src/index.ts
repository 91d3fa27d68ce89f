export { isHold } from '@walmq/fanout';
export { FiguresReader, type Percentiles, type WindowFigures, type WorkedOff } from '@walmq/figures';
export {
  type AlertKind,
  type AlertMessage,
  type AlertState,
  type Delivery,
  NO_ALERTS,
  type OpenProblem,
} from './alerts/alert-state.js';
export {
  type AlertKeys,
  alertKeys,
  leadAlerts,
  leaveAlerts,
  readAlerts,
  saveAlerts,
  stateOf,
} from './alerts/alert-store.js';
export { type AlertRules, decideAlerts } from './alerts/decide-alerts.js';
export {
  type AlertPlace,
  alertLines,
  type RenderedAlert,
  renderAlert,
  testAlert,
} from './alerts/render-alert.js';
export { settleDelivery } from './alerts/settle-delivery.js';
export { countParked, MAX_COUNTED } from './failures/count-parked.js';
export { explainMissing } from './failures/explain-missing.js';
export { changeIdOf, type FailedJob, reasonOf } from './failures/failed-job.js';
export {
  type FailureGroup,
  type FailureKind,
  type FailureReport,
  kindId,
  kindOf,
  NO_FAILURES,
} from './failures/failures.js';
export type { FailedFilter } from './failures/filter.js';
export {
  type FailedOptions,
  type FailuresOptions,
  failedIds,
  failedJobs,
  readFailures,
} from './failures/read-failed.js';
export type { StoredJob } from './failures/stored-job.js';
export {
  type Intent,
  type LogDatabase,
  logUnavailable,
  type Operator,
  OperatorLog,
  VIAS,
  type Via,
} from './log/operator-log.js';
export { type LogEntry, type LogFilter, type LogPage, pruneLog, readLog } from './log/read-log.js';
export { type Correction, type CorrectionInput, checkCorrection } from './mend/check-correction.js';
export {
  type Corrected,
  type CorrectOptions,
  correctChange,
  rowOf,
} from './mend/correct-change.js';
export {
  type KeyAction,
  type KeyOfQueue,
  pausedText,
  pauseKey,
  readPausedKeys,
  resumeKey,
} from './mend/pause-key.js';
export { queueOf, type ResolvedKey, resolveKey, type TypedKeyOfQueue } from './mend/resolve-key.js';
export { readOriginal } from './mend/store-correction.js';
export { type Discarded, type DiscardOptions, discardFailed } from './replay/discard-failed.js';
export { createDiscardFile, type DiscardFile } from './replay/discard-file.js';
export {
  type Chain,
  chainsOf,
  type Followed,
  type FollowOptions,
  followReplayed,
} from './replay/follow-replayed.js';
export { type Replayed, type ReplayOptions, replayFailed } from './replay/replay-failed.js';
export { readResume } from './resume/read-resume.js';
export {
  checkpointAhead,
  type Refusal,
  type ResumeFacts,
  type ResumeVerdict,
  resumeVerdict,
} from './resume/resume.js';
export {
  type Blocker,
  type FoundChange,
  MAX_PARKED,
  SEARCH_LIMITS,
  SEARCHED_STATES,
  type SearchedState,
  type SearchLimits,
  type SearchPage,
  type SearchQuery,
} from './search/query.js';
export { type SearchOptions, type SearchView, search, withoutValues } from './search/search.js';
export {
  type Unfinished,
  type UnfinishedChange,
  type UnfinishedOptions,
  unfinishedOf,
} from './search/unfinished-of.js';
export { bytesText } from './status/bytes.js';
export { countWorkers } from './status/count-workers.js';
export {
  endHeartbeat,
  heartbeatPrefix,
  readHeartbeats,
  writeHeartbeat,
} from './status/heartbeat.js';
export { isListed } from './status/is-listed.js';
export type {
  AlertStatus,
  CapturePositions,
  CaptureStatus,
  CheckpointStatus,
  DatabaseStatus,
  LagStatus,
  PipelineStatus,
  Problem,
  QueueFiguresStatus,
  QueueStatus,
  RedisStatus,
  Severity,
  SlotStatus,
  TableFinding,
  TableFindingCode,
  Unreachable,
  Verdict,
  VerdictCode,
} from './status/pipeline-status.js';
export { ALERT_CODES } from './status/pipeline-status.js';
export { databaseRemedy, redisRemedy } from './status/reach-remedy.js';
export { type QueueToRead, readQueues } from './status/read-queue.js';
export { type RedisServer, readRedisServer } from './status/read-redis-server.js';
export { readSlotDetail, type SlotDetail } from './status/read-slot-detail.js';
export { readStatus, type StatusOptions } from './status/read-status.js';
export {
  readSenderWait,
  readStandbySlots,
  type SenderWait,
  type StandbySlot,
  stallReason,
  standbySlotText,
} from './status/sender-wait.js';
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
} from './status/table-memory.js';
export { tablesOf } from './status/tables-of.js';
export { verdicts } from './status/verdicts.js';
export { viewsToRead } from './trace/differences.js';
export { HIDDEN, isLogQueue, shownData, shownJson, withoutData } from './trace/hide.js';
export { readTrace, type TraceOptions } from './trace/read-trace.js';
export {
  type ActionView,
  type BlockerView,
  type Difference,
  type EffectView,
  type EntryState,
  isUrgent,
  type JobView,
  type LogName,
  type QueueEntry,
  type RowView,
  type Trace,
  type TracedChange,
  type TraceNote,
  type TraceQuery,
} from './trace/trace.js';
