export type { EventChange, EventRow } from '@walmq/change';
export { runWorkerApp, type WorkerAppOptions } from './app/app.js';
export { defineWorkerApp, type WorkerApp } from './app/define-app.js';
export type { WorkerAppParts } from './app/open-workers.js';
export type { TableRights } from './app/rights.js';
export { type StartedWorkers, type StartWorkersOptions, startWorkers } from './app/start-workers.js';
export type {
  AnyChange,
  BatchChange,
  BatchContext,
  BatchDefinition,
  BatchHandler,
  BatchIdentity,
  BatchJob,
  BatchLimits,
} from './define/batch.js';
export {
  type ChangeId,
  defineWorker,
  type Handler,
  type HandlerContext,
  type KitContext,
  type TableHandlers,
  type WorkerDefinition,
} from './define/define.js';
export { everyChange } from './define/every-change.js';
export type {
  DeleteChange,
  InsertChange,
  ReadChange,
  TruncateChange,
  UpdateChange,
  WholeUpdate,
} from './define/row-changes.js';
export { wholeBefore } from './define/whole-before.js';
export { type EffectIdentity, type EffectOptions, effect, effectIdentity } from './effects/effect.js';
export { type OnceOptions, once } from './effects/once.js';
export { type Pruned, type PruneOptions, pruneInbox } from './effects/prune.js';
export { fromColumn as resultOfColumn } from './effects/result-column.js';
export { workerSchemaSql } from './effects/schema.js';
export { inTransaction, type TransactionOptions } from './effects/transaction.js';
export { type Committed, untilVisible, type VisibleOptions } from './effects/visible.js';
export { type Outcome, outcomeOf } from './failure/outcome.js';
export { reasonOf } from './failure/reason.js';
export { type Delay, drop, type GrowingDelay, giveUp, postpone } from './failure/thrown.js';
export type { Verdict } from './failure/verdict.js';
export { type WorkerMetrics, workerMetrics } from './metrics/metrics.js';
export type { DatabasePool, RedisConnection } from './own-clients.js';
export { Isolation } from './run/isolate.js';
export { errorReporter } from './run/report-errors.js';
export { type RunningWorker, type StartOptions, startWorker } from './run/start.js';
