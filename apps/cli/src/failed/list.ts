import { countParked, type FailedJob, failedJobs, readFailures } from '@walmq/replay';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { CommandIo } from '../command.js';
import { tableLines } from '../status/table.js';
import { withQueues } from './open-queues.js';
import { type FilterOptions, filterOf } from './options.js';

export interface FailedCommandOptions extends FilterOptions {
  /** Every change instead of groups. */
  readonly list?: boolean;
  readonly json?: boolean;
}

/** `walmq failed`: what failed, by queue, table and reason; or every failed change. */
export async function failedCommand(io: CommandIo, options: FailedCommandOptions): Promise<void> {
  await withQueues(io, options, async ({ redis, queues }) => {
    if (options.list) await listChanges(io, options, redis, queues);
    else await listGroups(io, options, queues);
  });
}

async function listGroups(
  io: CommandIo,
  { json, ...options }: FailedCommandOptions,
  queues: readonly Queue[],
): Promise<void> {
  const { groups } = await readFailures(queues, { filter: filterOf(options) });
  const parked = new Map<Queue, number>();
  for (const queue of queues) parked.set(queue, await queue.getWaitingChildrenCount());
  if (json) {
    const waiting = Object.fromEntries([...parked].map(([queue, count]) => [queue.name, count]));
    io.print(JSON.stringify({ groups, parked: waiting }, null, 2));
    return;
  }
  if (groups.length === 0) {
    io.print('Nothing has failed.');
    return;
  }
  const rows = groups.map(({ queue, table, count, lastFailedAt, reason }) => [
    queue,
    table ?? '-',
    count,
    lastFailedAt,
    reason,
  ]);
  for (const line of tableLines(['queue', 'table', 'failed', 'last', 'reason'], rows)) io.print(line);
  const behind = [...parked].filter(([, count]) => count > 0);
  if (behind.length === 0) return;
  io.print('');
  io.print(`Parked: ${behind.map(([queue, count]) => `${count} in ${queue.name}`).join(', ')}.`);
}

async function listChanges(
  io: CommandIo,
  { json, ...options }: FailedCommandOptions,
  redis: Redis,
  queues: readonly Queue[],
): Promise<void> {
  for (const queue of queues)
    for await (const job of failedJobs(queue, filterOf(options))) {
      const parked = await countParked(redis, queue, [job.id as string]);
      io.print(json ? JSON.stringify(entryOf(queue.name, job, parked)) : lineOf(queue.name, job, parked));
    }
}

function entryOf(queue: string, job: FailedJob & { readonly attemptsMade: number }, parked: number) {
  const { table = null, key = null } = (job.data ?? {}) as { table?: string; key?: unknown };
  const failedAt = new Date(job.finishedOn ?? 0).toISOString();
  const { id, name, failedReason, attemptsMade } = job;
  return { queue, id, op: name, table, key, failedAt, attempts: attemptsMade, parked, reason: failedReason };
}

function lineOf(queue: string, job: FailedJob & { readonly attemptsMade: number }, parked: number): string {
  const { id, op, table, key, failedAt, attempts, reason } = entryOf(queue, job, parked);
  return `${failedAt}  ${queue}  ${id}  ${op} ${table ?? ''} ${JSON.stringify(key)}  ${attempts} tries  ${parked} parked  ${reason}`;
}
