import { WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';

/** Why a long task ended early: Redis went away, Redis refused a command, or a disk is full. */
export function stopped(redis: Redis, howFar: string, cause: unknown): WalmqError {
  if (cause instanceof WalmqError) return cause;
  const why = redis.status === 'ready' ? (cause as Error).message : 'the connection to Redis was lost';
  return new WalmqError('REPLAY_STOPPED', `${why}, with ${howFar}.`, {
    remedy: 'Run the command again: it continues with the changes that are still failed.',
    cause,
  });
}
