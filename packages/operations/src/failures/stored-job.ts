import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { FailedJob } from './failed-job.js';

/** A job without its data: small, whatever it carries. */
export interface JobHead extends Omit<FailedJob, 'data' | 'id'> {
  readonly id: string;
  readonly attemptsMade: number;
  /** When it was enqueued; milliseconds since 1970. */
  readonly timestamp: number | undefined;
  readonly dataBytes: number;
}

export interface StoredJob extends JobHead {
  readonly data: unknown;
}

/** Data that is read together: the memory that it may take. A single job may be larger. */
export const BYTES_AT_ONCE = 4 * 1024 * 1024;
const HEADS_AT_ONCE = 500;
const FIELDS = ['name', 'failedReason', 'finishedOn', 'atm', 'timestamp'] as const;

/** The jobs of these ids without their data. One that was removed meanwhile is left out. */
export async function readHeads(redis: Redis, queue: Queue, ids: readonly string[]): Promise<JobHead[]> {
  const heads: JobHead[] = [];
  for (let start = 0; start < ids.length; start += HEADS_AT_ONCE) {
    const page = ids.slice(start, start + HEADS_AT_ONCE);
    const commands = page.flatMap(id => [
      ['hmget', queue.toKey(id), ...FIELDS],
      ['hstrlen', queue.toKey(id), 'data'],
    ]);
    const replies = await answersOf(redis, commands);
    for (const [index, id] of page.entries()) {
      const [name, failedReason, finishedOn, attempts, timestamp] = replies[2 * index] as (string | null)[];
      if (name == null) continue;
      heads.push({
        id,
        name,
        failedReason: failedReason ?? '',
        finishedOn: numberOf(finishedOn),
        attemptsMade: numberOf(attempts) ?? 0,
        timestamp: numberOf(timestamp),
        dataBytes: replies[2 * index + 1] as number,
      });
    }
  }
  return heads;
}

/**
 * The same jobs with their data, a few megabytes at a time. `accepts` may reject one by the text of its data, before it is parsed.
 */
export async function* readData(
  redis: Redis,
  queue: Queue,
  heads: readonly JobHead[],
  accepts: (head: JobHead, data: string) => boolean = () => true,
): AsyncGenerator<StoredJob[]> {
  for (let start = 0; start < heads.length; ) {
    let end = start;
    for (let bytes = 0; end < heads.length && (end === start || bytes < BYTES_AT_ONCE); end += 1)
      bytes += heads[end]?.dataBytes ?? 0;
    const page = heads.slice(start, end);
    const texts = (await answersOf(
      redis,
      page.map(({ id }) => ['hget', queue.toKey(id), 'data']),
    )) as (string | null)[];
    yield page.flatMap((head, index) =>
      accepts(head, texts[index] ?? '') ? [{ ...head, data: parsed(texts[index]) }] : [],
    );
    start = end;
  }
}

async function answersOf(redis: Redis, commands: string[][]): Promise<unknown[]> {
  if (commands.length === 0) return [];
  const replies = (await redis.pipeline(commands).exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

/** Jobs of other tools may hold anything. */
function parsed(text: string | null | undefined): unknown {
  try {
    return text == null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function numberOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Number(text);
}
