export type { EventChange, EventRow } from '@walmq/change';
export { runWorkerApp, type WorkerAppOptions, type WorkerAppParts } from './app.js';
export {
  type ChangeId,
  type DeleteChange,
  defineWorker,
  type Handler,
  type HandlerContext,
  type InsertChange,
  type KitContext,
  type ReadChange,
  type TableHandlers,
  type TruncateChange,
  type UpdateChange,
  type WholeUpdate,
  type WorkerDefinition,
} from './define.js';
export { type EffectIdentity, type EffectOptions, effect, effectIdentity } from './effect.js';
export { everyChange } from './every-change.js';
export { type WorkerMetrics, workerMetrics } from './metrics.js';
export { type OnceOptions, once } from './once.js';
export { type Outcome, outcomeOf } from './outcome.js';
export { pruneInbox } from './prune.js';
export { reasonOf } from './reason.js';
export { errorReporter } from './report-errors.js';
export { workerSchemaSql } from './schema.js';
export { type RunningWorker, type StartOptions, startWorker } from './start.js';
export { type Delay, drop, type GrowingDelay, giveUp, postpone } from './thrown.js';
export { inTransaction, type TransactionOptions } from './transaction.js';
export { untilVisible, type VisibleOptions } from './visible.js';
export { wholeBefore } from './whole-before.js';
