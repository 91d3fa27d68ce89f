import type { QueueConfig, Retention } from '@walmq/config';
import type { JobsOptions } from 'bullmq';

/** A queue's job options in BullMQ's terms, stored with every job. */
export function jobOptions(queue: QueueConfig): JobsOptions {
  const { type, delayMs, jitter } = queue.backoff;
  return {
    attempts: queue.attempts,
    backoff: { type, delay: delayMs, jitter },
    removeOnComplete: keep(queue.keepCompleted),
    removeOnFail: keep(queue.keepFailed),
  };
}

/** Options of one job as BullMQ stores them: JSON text, some under short names. */
export function storedOptions({ deduplication, ...options }: JobsOptions): string {
  return JSON.stringify(deduplication ? { ...options, de: deduplication } : options);
}

function keep({ count, ageSeconds }: Retention): Exclude<JobsOptions['removeOnComplete'], undefined> {
  if (count === undefined && ageSeconds === undefined) return false;
  return {
    ...(count === undefined ? {} : { count }),
    ...(ageSeconds === undefined ? {} : { age: ageSeconds }),
  } as {
    age: number;
  };
}
