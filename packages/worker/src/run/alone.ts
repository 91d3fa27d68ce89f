import type { Change } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { WorkerDefinition } from '../define/define.js';
import type { Records } from '../effects/records.js';
import { withDeadline } from './deadline.js';
import { describe } from './describe.js';
import { processChange } from './process-change.js';
import type { RunOptions } from './run-job.js';

export interface AloneOptions {
  readonly definition: WorkerDefinition;
  readonly config: QueueConfig;
  readonly records: Records;
  readonly stopping: AbortSignal;
  /** Throws for a change that no handler may see. */
  readonly guard: (change: Change) => void;
}

/** Runs the handler of each change by itself, with a deadline of its own. */
export function alone({ definition, config, records, stopping, guard }: AloneOptions): RunOptions['perform'] {
  const { deadlineMs } = config;
  return tried =>
    withDeadline({
      deadlineMs,
      stopping,
      act: deadline => processChange(tried, { definition, records, deadline, deadlineMs, guard }),
      onOverrun: ranMs =>
        tried.log.error(
          { event: 'handler:overrun', ranMs },
          `The handler of ${describe(tried.change)} ignores its deadline of ${deadlineMs} ms; its row waits`,
        ),
    });
}
