import { commandError } from '@walmq/redis';

/** Whether an error of the producer's connection passes by itself (`pause`). */
export type RedisFailure = 'pause' | 'fatal';

/** First words of Redis' errors that pass: after memory is free, a replica promoted, data loaded, a disk repaired, keys moved. */
const PASSING =
  /^(OOM|READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|MISCONF|UNBLOCKED|NOTBUSY)\b/;

/** Error of a script whose slot is moving to another node, with a part of its keys. */
const SLOT_MOVES = /attempted to access a non local key/;

/**
 * Redis names its errors by the first word of the reply. An error that is no reply (connection cut, timeout) passes too.
 * Its outcome is unknown until the checkpoint is read.
 */
export function classifyRedisFailure(error: unknown): RedisFailure {
  const { name, message } = error as Error;
  if (name !== 'ReplyError') return 'pause';
  const words = commandError(message);
  return PASSING.test(words) || SLOT_MOVES.test(words) ? 'pause' : 'fatal';
}
