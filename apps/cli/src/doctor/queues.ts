import { withoutStop } from '@walmq/change';
import type { QueueStatus } from '@walmq/operations';
import { type Check, error, ok, warning } from './check.js';

export type QueueFacts = Pick<
  QueueStatus,
  | 'name'
  | 'isPaused'
  | 'pausedKeys'
  | 'waiting'
  | 'active'
  | 'delayed'
  | 'retriedFor'
  | 'parked'
  | 'failed'
  | 'workers'
>;

/** Share of capture.maxQueueDepth above which doctor warns. */
const NEAR = 0.8;

export function queueChecks(queue: QueueFacts, maxQueueDepth: number): Check[] {
  const { name, isPaused, pausedKeys, waiting, active, delayed, retriedFor, parked, failed, workers } = queue;
  const found = `queue "${name}": ${waiting} waiting, ${active} active, ${delayed} delayed, ${parked} parked, ${failed} failed`;
  const troubles = [
    depthTrouble(found, waiting + active + delayed + parked, maxQueueDepth),
    failed > 0
      ? warning(
          'queues',
          `${found}: failed changes hold back what is parked behind them`,
          'Open Bull Board in the dashboard: mend the handler, then retry or remove the failed changes.',
        )
      : undefined,
    workers === 0 && waiting + active + delayed > 0
      ? warning(
          'queues',
          `${found}: no worker is connected`,
          'Start the worker of this queue; if it runs, compare its REDIS_URL and redis.prefix with those of capture.',
        )
      : undefined,
    isPaused
      ? warning(
          'queues',
          `${found}: it is paused`,
          'Resume it in Bull Board, in the dashboard, when it is time.',
        )
      : undefined,
    pausedKeys.count > 0
      ? warning(
          'queues',
          `${found}: ${pausedKeys.count === 1 ? 'a key is' : `${pausedKeys.count} keys are`} paused, by ${[...new Set(pausedKeys.first.map(({ by }) => by))].join(', ')}`,
          `When it is time, resume: "npx walmq resume-key ${name}" lists them.`,
        )
      : undefined,
    retriedFor !== null
      ? warning(
          'queues',
          `${found}: changes are tried again: ${withoutStop(retriedFor)}`,
          'It tries by itself; mend what the reason names, before the tries run out.',
        )
      : undefined,
  ].filter(check => check !== undefined);
  return troubles.length > 0 ? troubles : [ok('queues', found)];
}

function depthTrouble(found: string, depth: number, limit: number): Check | undefined {
  const remedy = 'Start more workers, or see what holds them up.';
  if (depth >= limit)
    return error('queues', `${found}: at capture.maxQueueDepth (${limit}), so capture pauses`, remedy);
  if (depth >= NEAR * limit)
    return warning('queues', `${found}: near capture.maxQueueDepth (${limit})`, remedy);
  return undefined;
}
