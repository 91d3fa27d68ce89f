import type { Redis } from 'ioredis';
import type { Script } from './assemble-script.js';

/** Runs a script by its SHA-1. `args` begin with the number of keys. Rejects with Redis' own error. */
export async function runScript(
  redis: Pick<Redis, 'call'>,
  { lua, sha }: Script,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.call('EVALSHA', sha, ...args);
  } catch (error) {
    // Redis lost the script (restart, SCRIPT FLUSH) and ran nothing. This call sends the whole script.
    if (isNoScript(error)) return await redis.call('EVAL', lua, ...args);
    throw error;
  }
}

function isNoScript(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'ReplyError' && message.startsWith('NOSCRIPT');
}
