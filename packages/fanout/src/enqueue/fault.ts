import { type ErrorCode, WalmqError } from '@walmq/change';
import { classifyRedisFailure } from '../redis/redis-failure.js';

/** Codes of faults that pass by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['REDIS_UNREACHABLE', 'NOT_DURABLE_YET']);

/** The error that stops the enqueuer, or undefined for a fault that passes: then the enqueuer connects again. */
export function fatalFault(error: unknown): WalmqError | undefined {
  if (error instanceof WalmqError) return PASSING.has(error.code) ? undefined : error;
  if (classifyRedisFailure(error) !== 'fatal') return undefined;
  return new WalmqError('ENQUEUE_REFUSED', `Redis rejects the batch: ${(error as Error).message}.`, {
    remedy:
      'Correct what the error names, then start capture again. Nothing of the batch was written or acknowledged.',
    cause: error,
  });
}
