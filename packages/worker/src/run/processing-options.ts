import type { Change } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { WorkerDefinition } from '../define/define.js';
import type { Records } from '../effects/records.js';

/** One attempt at one change. */
export interface ProcessingOptions {
  readonly definition: WorkerDefinition;
  readonly jobId: string;
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  /** The job's data as it is in Redis. */
  readonly json: () => Promise<string>;
  readonly records: Records;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Throws for a change that no handler may see. */
  readonly guard: (change: Change) => void;
}
