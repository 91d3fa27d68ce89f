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

/** Counts a change and adds its jobs. Returns a promise when the enqueuer is full: wait for it. */
export function enqueueChange(
  change: ChangeName,
  jobs: readonly Job[],
  transaction: Transaction,
  { enqueuer, onChange, tracer }: EnqueueOptions,
): Promise<void> | undefined {
  onChange(change, jobs.length);
  return enqueuer.add(tracer ? tracer.begin(change, transaction, jobs) : jobs, change.id);
}
