import type { ChangeName } from '@walmq/change';
import type { Job, ShardedEnqueuer } from '@walmq/fanout';
import type { Transaction } from '@walmq/replication';
import type { ChangeTracer } from './trace.js';

export interface EnqueueOptions {
  readonly enqueuer: ShardedEnqueuer;
  readonly onChange: (change: ChangeName, jobs: number) => void;
  /** Where changes are traced. */
  readonly tracer?: ChangeTracer | undefined;
}

/** Counts a change and hands its jobs on. False when there is no room for more. */
export function enqueueChange(
  change: ChangeName,
  jobs: readonly Job[],
  transaction: Transaction,
  { enqueuer, onChange, tracer }: EnqueueOptions,
): boolean {
  onChange(change, jobs.length);
  return enqueuer.add(tracer ? tracer.begin(change, transaction, jobs) : jobs, change.id);
}
