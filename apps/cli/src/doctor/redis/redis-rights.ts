import { WalmqError, withoutStop } from '@walmq/change';
import { tryRights } from '@walmq/redis';
import type { Redis } from 'ioredis';
import { type Check, error, ok } from '../check.js';

/** Checks that the user of REDIS_URL may run every command that walmq and BullMQ need on the keys of the prefix. */
export async function rightsCheck(redis: Redis, prefix: string): Promise<Check> {
  try {
    await tryRights(redis, prefix);
    return ok(
      'redis-rights',
      `the user may run every command that is needed, on keys that begin with "${prefix}:"`,
    );
  } catch (cause) {
    if (!(cause instanceof WalmqError)) throw cause;
    return error('redis-rights', withoutStop(cause.message), cause.remedy ?? '');
  }
}
