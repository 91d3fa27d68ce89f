export { changeLogWorker, checkChangeLog } from './log-worker.js';
export { maintainPartitions, type PartitionOptions } from './maintain-partitions.js';
export {
  beginRewind,
  findRewind,
  planRewind,
  type Rewind,
  type RewindOptions,
  type RewindPlan,
  sendPage,
} from './rewind.js';
export { changeLogSchemaSql } from './schema.js';
