import { type Json, jsonMembers, tableName, WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { changeIdOf } from '../failures/failed-job.js';
import type { Operator, OperatorLog } from '../log/operator-log.js';
import { replayFailed } from '../replay/replay-failed.js';
import { checkCorrection } from './check-correction.js';
import { type Stored, storeCorrection } from './store-correction.js';

export interface CorrectOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly config: QueueConfig;
  readonly jobId: string;
  /** The data that the operator saw; the correction is refused if it is another now. */
  readonly original: string;
  /** A change as JSON, or its `before` and `after` alone. */
  readonly given: string;
  readonly operator: Operator;
  readonly log: OperatorLog;
  /** True: a failed change runs again, with the corrected data. */
  readonly replay: boolean;
}

export interface Corrected {
  /** `after.total`: the values that were corrected. */
  readonly differs: readonly string[];
  /** True if the change had failed and runs again. */
  readonly replayed: boolean;
}

/**
 * Hands on a corrected copy of one change. It has the original's id and place, so an effect that was made once is not made again,
 * and no change of its key passes it. The original stays in the job and in the operators' log. Rejects with CORRECTION_INVALID,
 * CORRECTION_LATE, CHANGE_UNKNOWN, ALREADY_COMPLETED or OPERATOR_LOG_UNAVAILABLE.
 */
export async function correctChange(options: CorrectOptions): Promise<Corrected> {
  const { redis, queue, config, jobId, original, given, operator, log, replay } = options;
  const { json, differs } = checkCorrection({ original, given, queue: config });
  const at = new Date().toISOString();
  const corrected = json({ at, by: operator.who });
  const about = { queue: queue.name, changeIds: [changeIdOf(jobId) ?? jobId], ...rowOf(original) };
  await log.run(
    operator,
    { action: 'correct', ...about, details: { differs }, original, corrected },
    async ({ id }) => {
      const why = operator.reason === undefined ? '' : `: ${operator.reason}`;
      const line = `${at} corrected by ${operator.who} (${differs.join(', ')})${why}; entry ${id} of the operators' log holds the original`;
      const stored = await storeCorrection({ redis, queue, jobId, original, corrected, line });
      if (stored !== 'done') throw tooLate(jobId, queue.name, stored);
    },
    () => `Corrected ${differs.join(', ')}.`,
  );
  const hasFailed = (await redis.zscore(queue.toKey('failed'), jobId)) !== null;
  if (!replay || !hasFailed) return { differs, replayed: false };
  const { replayed } = await log.run(
    operator,
    { action: 'replay', ...about },
    () => replayFailed({ redis, queue, ids: [jobId] }),
    done => `${done.replayed.length} replayed.`,
  );
  return { differs, replayed: replayed.length === 1 };
}

/** Table and key of a change's JSON, for the log. */
export function rowOf(json: string): { readonly table?: string; readonly key?: string } {
  const { schema, table } = JSON.parse(json) as { readonly schema?: Json; readonly table?: Json };
  if (typeof schema !== 'string' || typeof table !== 'string') return {};
  const key = jsonMembers(json)?.get('key');
  return { table: tableName({ schema, table }), ...(key !== undefined && key !== 'null' && { key }) };
}

function tooLate(jobId: string, queue: string, why: Exclude<Stored, 'done'>): WalmqError {
  switch (why) {
    case 'gone':
      return new WalmqError('CHANGE_UNKNOWN', `queue ${queue} no longer holds ${jobId}.`, {
        remedy: 'It was removed, or has completed and is past its retention.',
      });
    case 'completed':
      return new WalmqError('ALREADY_COMPLETED', `${jobId} of queue ${queue} has completed.`, {
        remedy: 'Correct the row itself: the new change has its own place in the order.',
      });
    case 'active':
      return new WalmqError('CORRECTION_LATE', `a worker has ${jobId} of queue ${queue} right now.`, {
        remedy: 'Correct it when it has failed, or pause its key first.',
      });
    case 'changed':
      return new WalmqError(
        'CORRECTION_LATE',
        `${jobId} of queue ${queue} has been corrected by somebody else.`,
        {
          remedy: 'Look at it as it is now, and correct that.',
        },
      );
  }
}
