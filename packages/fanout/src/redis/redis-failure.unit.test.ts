import { expect, it } from 'vitest';
import { classifyRedisFailure, type RedisFailure } from './redis-failure.js';

const IN_62 = 'ERR Error running script (call to f_0d94): @user_script:9: @user_script: 9: -';

it.each<[name: string, message: string, RedisFailure]>([
  [
    'ReplyError',
    "OOM command not allowed when used memory > 'maxmemory'. script: 0d94, on @user_script:9.",
    'pause',
  ],
  ['ReplyError', `${IN_62}OOM command not allowed when used memory > 'maxmemory'.`, 'pause'],
  ['ReplyError', `${IN_62}READONLY You can't write against a read only replica.`, 'pause'],
  ['ReplyError', `${IN_62}MISCONF Errors writing to the AOF file: No space left on device`, 'pause'],
  ['ReplyError', "@user_script: 9: -OOM command not allowed when used memory > 'maxmemory'.", 'pause'],
  ['ReplyError', '@user_script: 9: @user_script: 9: WRONGTYPE Operation against a key', 'fatal'],
  ['ReplyError', `${IN_62}WRONGTYPE Operation against a key holding the wrong kind of value`, 'fatal'],
  [
    'ReplyError',
    'ERR Error running script (call to f_0d94): @user_script:9: attempt to index a nil value',
    'fatal',
  ],
  ['ReplyError', 'WRONGTYPE Operation against a key holding the wrong kind of value', 'fatal'],
  ['ReplyError', '@user_script: 9: Script attempted to access a non local key in a cluster node', 'pause'],
  ['Error', 'Connection is closed.', 'pause'],
])('%s: %s', (name, message, failure) => {
  expect(classifyRedisFailure(Object.assign(new Error(message), { name }))).toBe(failure);
});
