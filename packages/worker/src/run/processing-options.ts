import type { Change } from '@walmq/change';
import type { WorkerDefinition } from '../define/define.js';
import type { Records } from '../effects/records.js';
import type { Deadline } from './deadline.js';

/** What a handler of one change runs with. */
export interface ProcessingOptions {
  readonly definition: WorkerDefinition;
  readonly records: Records;
  readonly deadline: Deadline;
  readonly deadlineMs: number;
  /** Throws for a change that no handler may see. */
  readonly guard: (change: Change) => void;
}
