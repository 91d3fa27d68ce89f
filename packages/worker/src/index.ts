export { runWorkerApp, type WorkerAppOptions } from './app.js';
export {
  type DeleteChange,
  defineWorker,
  type HandlerContext,
  type InsertChange,
  type TableHandlers,
  type TruncateChange,
  type UpdateChange,
  type WorkerDefinition,
} from './define.js';
export { type EffectIdentity, effect, effectIdentity } from './effect.js';
export { type WorkerMetrics, workerMetrics } from './metrics.js';
export { once, pruneInbox } from './once.js';
export { giveUp, type Outcome, outcomeOf } from './outcome.js';
export { workerSchemaSql } from './schema.js';
export { type RunningWorker, type StartOptions, startWorker } from './start.js';
