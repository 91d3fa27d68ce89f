import type { FailurePlan, WorkerPlan } from '../plan/round.js';

/** What a worker process of a round reads from the file that its argument names. */
export interface WorkSetting {
  readonly seed: number;
  readonly workers: readonly WorkerPlan[];
  readonly failures: FailurePlan;
  /** Folder of the round. A file "cured-1" in it removes the cause of the failures of group 1. */
  readonly folder: string;
}
