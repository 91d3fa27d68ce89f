import { commandError } from '@walmq/redis';

/** Whether an error of the producer's connection passes by itself, and whether the command may have run. */
export type RedisFailure = 'no-script' | 'pause' | 'fatal';

/** First words of Redis' errors that pass: memory freed, replica promoted, data loaded, disk mended, keys moved to another node. */
const PASSING =
  /^(OOM|READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|MISCONF|UNBLOCKED|NOTBUSY)\b/;

/**
 * Redis names its errors by the first word of the reply. Whatever is no reply at all (connection cut, timeout)
 * passes too, with an unknown outcome that the checkpoint tells.
 */
export function classifyRedisFailure(error: unknown): RedisFailure {
  const { name, message } = error as Error;
  if (name !== 'ReplyError') return 'pause';
  if (message.startsWith('NOSCRIPT')) return 'no-script';
  return PASSING.test(commandError(message)) ? 'pause' : 'fatal';
}
