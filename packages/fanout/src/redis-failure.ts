/** Whether an error of the producer's connection passes by itself, and whether the command may have run. */
export type RedisFailure = 'no-script' | 'pause' | 'fatal';

/** First words of Redis' errors that pass: memory freed, replica promoted, data loaded, disk mended, keys moved to another node. */
const PASSING =
  /^(OOM|READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|MISCONF|UNBLOCKED|NOTBUSY)\b/;

/** How Redis before 7.0 wraps the error of a command that a script called; the second form where the script caught it. */
const OF_A_SCRIPT = /^(?:ERR Error running script .*: -|(?:@?user_script: ?\d+: ?)+-?)/;

/**
 * Redis names its errors by the first word of the reply. Whatever is no reply at all (connection cut, timeout)
 * passes too, with an unknown outcome that the checkpoint tells.
 */
export function classifyRedisFailure(error: unknown): RedisFailure {
  const { name, message } = error as Error;
  if (name !== 'ReplyError') return 'pause';
  if (message.startsWith('NOSCRIPT')) return 'no-script';
  return PASSING.test(message.replace(OF_A_SCRIPT, '')) ? 'pause' : 'fatal';
}
