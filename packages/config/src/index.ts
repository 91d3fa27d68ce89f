export { type SecretSource, secretSource } from './alerts-schema.js';
export { importDefault, importWorker } from './import-default.js';
export { loadConfig } from './load.js';
export { parseConfig } from './parse.js';
export {
  type AlertsConfig,
  type AlertTargetConfig,
  type CaptureConfig,
  type Durability,
  longestDeadlineMs,
  type OnDrift,
  type OrderBy,
  type OutboxConfig,
  publishedTables,
  type QueueConfig,
  type Retention,
  resolveConfig,
  type ShapeConfig,
  shardPrefixes,
  type TableRoute,
  type WalmqConfig,
} from './resolve.js';
export { defineConfig, READY_WORKERS, type ReadyWorker, type WalmqConfigInput } from './schema.js';
export { sourceFiles } from './source-files.js';
