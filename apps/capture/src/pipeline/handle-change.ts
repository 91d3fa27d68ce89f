import type { Router } from '@walmq/fanout';
import type { RowChange, Transaction } from '@walmq/replication';
import type { BackfillWindow } from '../backfill/window.js';
import { type EnqueueOptions, enqueueChange } from './enqueue-change.js';

export interface ChangeOptions extends EnqueueOptions {
  readonly router: Router;
  /** Changes up to this position have been enqueued before, in every shard. */
  readonly resumeAfter: string;
  /** Where rows that are read in between are held against the changes that come by. */
  readonly window: BackfillWindow;
}

/** Routes a change to its queues. Returns a promise when the enqueuer is full: wait for it. */
export function handleChange(
  change: RowChange,
  transaction: Transaction,
  options: ChangeOptions,
): Promise<void> | undefined {
  if (change.id <= options.resumeAfter) return undefined;
  const jobs = options.router.route(change);
  options.window.changed(change, jobs);
  return enqueueChange(change, jobs, transaction, options);
}
