/** Placeholder for the key that a trial uses. */
export const KEY = '{key}';

/** A command with valid arguments that change nothing at a key that holds a string. */
export type Trial = readonly [command: string, ...args: string[]];

/**
 * Every command that the scripts of BullMQ and walmq call. They are tried in a script, where Redis checks the user's rights
 * too. The first command makes the key a string for a second, so that no other command writes. A test compares this list
 * with the installed scripts.
 */
export const IN_SCRIPTS: readonly Trial[] = [
  ['SET', KEY, '', 'PX', '1000'],
  ['DEL', `${KEY}:none`],
  ['UNLINK', `${KEY}:none`],
  ['EXISTS', KEY],
  ['GET', KEY],
  ['MGET', KEY],
  ['HDEL', KEY, 'f'],
  ['HEXISTS', KEY, 'f'],
  ['HGET', KEY, 'f'],
  ['HGETALL', KEY],
  ['HINCRBY', KEY, 'f', '1'],
  ['HLEN', KEY],
  ['HMGET', KEY, 'f'],
  ['HMSET', KEY, 'f', ''],
  ['HSET', KEY, 'f', ''],
  ['HSETNX', KEY, 'f', ''],
  ['INCR', KEY],
  ['INCRBY', KEY, '1'],
  ['LINDEX', KEY, '0'],
  ['LLEN', KEY],
  ['LPOP', KEY],
  ['LPOS', KEY, ''],
  ['LPUSH', KEY, ''],
  ['LRANGE', KEY, '0', '0'],
  ['LREM', KEY, '0', ''],
  ['LSET', KEY, '0', ''],
  ['LTRIM', KEY, '0', '0'],
  ['PERSIST', `${KEY}:none`],
  ['PEXPIRE', `${KEY}:none`, '1'],
  ['PEXPIREAT', `${KEY}:none`, '1'],
  ['PTTL', KEY],
  ['RENAME', `${KEY}:none`, `${KEY}:none`],
  ['RENAMENX', `${KEY}:none`, `${KEY}:none`],
  ['RPOP', KEY],
  ['RPOPLPUSH', KEY, KEY],
  ['RPUSH', KEY, ''],
  ['SADD', KEY, ''],
  ['SCARD', KEY],
  ['SISMEMBER', KEY, ''],
  ['SMEMBERS', KEY],
  ['SREM', KEY, ''],
  ['TIME'],
  ['TYPE', KEY],
  ['XADD', KEY, '*', 'f', ''],
  ['XDEL', KEY, '0-1'],
  ['XLEN', KEY],
  ['XRANGE', KEY, '-', '+'],
  ['XREVRANGE', KEY, '+', '-'],
  ['XREAD', 'STREAMS', KEY, '0'],
  ['XTRIM', KEY, 'MAXLEN', '0'],
  ['ZADD', KEY, '0', ''],
  ['ZCARD', KEY],
  ['ZCOUNT', KEY, '0', '0'],
  ['ZLEXCOUNT', KEY, '-', '+'],
  ['ZPOPMIN', KEY],
  ['ZRANGE', KEY, '0', '0'],
  ['ZRANGEBYLEX', KEY, '-', '+'],
  ['ZRANGEBYSCORE', KEY, '0', '0'],
  ['ZREM', KEY, ''],
  ['ZREMRANGEBYRANK', KEY, '0', '0'],
  ['ZREMRANGEBYSCORE', KEY, '0', '0'],
  ['ZREVRANGE', KEY, '0', '0'],
  ['ZREVRANGEBYSCORE', KEY, '0', '0'],
  ['ZSCORE', KEY, ''],
];

/** Commands that BullMQ and walmq call outside a script. */
export const ALONE: readonly Trial[] = [
  ['PING'],
  ['INFO', 'server'],
  ['DEL', `${KEY}:none`],
  ['HGET', `${KEY}:none`, 'f'],
  ['HSTRLEN', `${KEY}:none`, 'f'],
  ['HSCAN', `${KEY}:none`, '0'],
  ['SCAN', '0', 'COUNT', '1'],
  ['ZSCAN', `${KEY}:none`, '0'],
  ['EVALSHA', '0000000000000000000000000000000000000000', '1', KEY],
];

/** The commands of an empty transaction. */
export const IN_TRANSACTIONS: readonly Trial[] = [['MULTI'], ['EXEC']];

/** The blocking command of workers. Waits for a millisecond at a key that does not exist. */
export const WAITING: Trial = ['BZPOPMIN', `${KEY}:none`, '0.001'];

/** Every command that the Redis user needs, in capitals, sorted. */
export const COMMANDS: readonly string[] = [
  ...new Set([...[...IN_SCRIPTS, ...ALONE, ...IN_TRANSACTIONS, WAITING].map(([command]) => command), 'EVAL']),
].sort();
