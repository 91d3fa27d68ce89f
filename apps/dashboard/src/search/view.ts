import type { QueueConfig } from '@walmq/config';
import { type SearchView, shownData, withoutValues } from '@walmq/operations';
import type { Identity } from '../access/identify.js';
import { maySeeRows } from '../access/users.js';

/**
 * What a user may see of a job. Whoever sees no rows sees tables, times and reasons without values. For the others the queues'
 * masks hold also in the queues of the logs, which take whole rows.
 */
export function viewFor(identity: Identity, queues: readonly QueueConfig[]): SearchView {
  if (!maySeeRows(identity)) return { show: (_, job) => withoutValues(job), replacesReason: true };
  return {
    show: (queue, job) => ({ ...job, data: shownData(queues, queue, job.data) }),
    replacesReason: false,
  };
}
