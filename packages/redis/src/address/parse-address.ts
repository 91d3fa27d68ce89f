import { WalmqError } from '@walmq/change';
import type { RedisAddress } from './address.js';
import { readRedisUrl, UrlMistake } from './read-url.js';

/** What is wrong with a URL of Redis, as the end of a sentence; undefined: nothing. Does not read its files. */
export function redisUrlMistake(url: string): string | undefined {
  try {
    readRedisUrl(url);
    return undefined;
  } catch (error) {
    if (error instanceof UrlMistake) return error.message;
    throw error;
  }
}

/** Reads a URL of Redis. Throws REDIS_URL_INVALID. */
export function parseRedisUrl(url: string): RedisAddress {
  try {
    return readRedisUrl(url);
  } catch (error) {
    if (!(error instanceof UrlMistake)) throw error;
    throw new WalmqError('REDIS_URL_INVALID', `the URL of Redis ${error.message}.`, {
      remedy: 'Correct REDIS_URL, or redis.url in walmq.config.ts: docs/guides/redis.md shows every form.',
    });
  }
}
