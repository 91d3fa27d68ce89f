import { WalmqError } from '@walmq/change';
import { isConnectionLost } from '@walmq/redis';
import type { Redis } from 'ioredis';

/** Why a long task ended early: Redis went away, Redis refused a command, or a disk is full. */
export function stopped(redis: Redis, howFar: string, cause: unknown): WalmqError {
  if (cause instanceof WalmqError) return cause;
  const why = isConnectionLost(redis, cause) ? 'the connection to Redis was lost' : (cause as Error).message;
  return new WalmqError('REPLAY_STOPPED', `${why}, with ${howFar}.`, {
    remedy: 'Run the command again: it continues with the changes that are still failed.',
    cause,
  });
}
