import type { QueueConfig } from '@walmq/config';
import {
  hiddenByQueues,
  hideColumns,
  isLogQueue,
  type SearchView,
  type StoredJob,
  withoutValues,
} from '@walmq/operations';
import type { Identity } from '../access/identify.js';
import { maySeeRows } from '../access/users.js';

/**
 * What a user may see of a job. Whoever sees no rows sees tables, times and reasons without values. For the others the queues'
 * masks hold also in the queues of the logs, which take whole rows.
 */
export function viewFor(identity: Identity, queues: readonly QueueConfig[]): SearchView {
  if (!maySeeRows(identity)) return { show: (_, job) => withoutValues(job), replacesReason: true };
  return { show: (queue, job) => (isLogQueue(queue) ? withMasks(job, queues) : job), replacesReason: false };
}

function withMasks(job: StoredJob, queues: readonly QueueConfig[]): StoredJob {
  const { data } = job;
  if (typeof data !== 'object' || data === null) return job;
  const { schema = 'public', table, key, before, after } = data as Record<string, never>;
  if (typeof table !== 'string') return job;
  const isHidden = hiddenByQueues(queues, { schema, table });
  const hidden = { key: hideColumns(key ?? null, isHidden), before: hideColumns(before ?? null, isHidden) };
  return { ...job, data: { ...(data as object), ...hidden, after: hideColumns(after ?? null, isHidden) } };
}
