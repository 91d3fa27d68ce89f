import type { Change } from '@walmq/change';
import type { BatchJob } from '../define/batch.js';
import type { Entry } from '../effects/once-for-all.js';
import type { TracePlace } from './batch-span.js';

/** One attempt at one job: a change that waits for its outcome in a batch. */
export interface BatchTask extends Entry {
  readonly change: Change;
  readonly job: BatchJob;
  /** True if a failure of this attempt is final. */
  readonly isLastTry: boolean;
  /** Undefined without telemetry. */
  readonly trace?: TracePlace | undefined;
  /** Completes the job with its return value. */
  resolve(result: unknown): void;
  reject(error: unknown): void;
}
