export { loadConfig } from './load.ts';
export {
  type Durability,
  type OrderBy,
  publishedTables,
  type QueueConfig,
  type Retention,
  resolveConfig,
  type TableRoute,
  type WalmqConfig,
} from './resolve.ts';
export { defineConfig, parseConfig, type WalmqConfigInput } from './schema.ts';
