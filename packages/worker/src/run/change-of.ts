import type { Change } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import { type Job, UnrecoverableError } from 'bullmq';

/** Returns the change that a job holds. Throws UnrecoverableError for a job without one. */
export function changeOf(job: Job<Change>, log: Logger): Change {
  const missing = missingIn(job.data);
  if (missing.length === 0) return job.data;
  const fields = missing.join(', ');
  log.error(
    { event: 'change:failed', jobId: job.id, fields },
    'Failed: a job that holds no change; was it added by hand?',
  );
  throw new UnrecoverableError(`the job's data is not a change: see ${fields}.`);
}

const NAMES = ['id', 'op', 'schema', 'table'] as const;

/** Returns the fields that the kit itself needs and that are not as in a change. Rows are left to the handlers. */
function missingIn(data: unknown): string[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return ['data'];
  const change = data as Readonly<Record<string, unknown>>;
  const missing: string[] = NAMES.filter(name => typeof change[name] !== 'string' || change[name] === '');
  if (!isTime(Object(change.tx).committedAt)) missing.push('tx.committedAt');
  return missing;
}

function isTime(text: unknown): boolean {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text));
}
