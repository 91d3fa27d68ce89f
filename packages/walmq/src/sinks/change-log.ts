/**
 * A worker that keeps every change of the queue `change-log`, so that `walmq rewind` can send it again, and the functions of that
 * command.
 *
 * @packageDocumentation
 */

export {
  beginRewind,
  changeLogWorker,
  checkChangeLog,
  findRewind,
  maintainPartitions,
  type PartitionOptions,
  planRewind,
  type Rewind,
  type RewindOptions,
  type RewindPlan,
  sendPage,
} from '@walmq/sinks/change-log';
