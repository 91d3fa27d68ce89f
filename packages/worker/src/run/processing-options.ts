import type { Change } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { Pool } from 'pg';
import type { WorkerDefinition } from '../define/define.js';

/** One try of one change. */
export interface ProcessingOptions {
  readonly definition: WorkerDefinition;
  readonly jobId: string;
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  /** The job's data as it is in Redis. */
  readonly json: () => Promise<string>;
  readonly pool: Pool;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** From 1. */
  readonly attempt: number;
  /** Throws on a change that no handler should see. */
  readonly guard: (change: Change) => void;
}
