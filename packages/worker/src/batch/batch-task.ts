import type { Change } from '@walmq/change';
import type { BatchJob } from '../define/batch.js';
import type { Entry } from '../effects/once-for-all.js';

/** A change that waits for its outcome in a batch: one try of one job. */
export interface BatchTask extends Entry {
  readonly change: Change;
  readonly job: BatchJob;
  /** Whether a failure of this try is one for good. */
  readonly isLastTry: boolean;
  /** The job's return value. */
  resolve(result: unknown): void;
  reject(error: unknown): void;
}
