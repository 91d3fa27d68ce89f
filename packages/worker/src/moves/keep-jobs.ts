import type { KeepJobs } from 'bullmq';

/** What BullMQ makes of the `removeOnComplete` of a job or a worker. */
export function keepJobsOf(option: boolean | number | KeepJobs | undefined): KeepJobs {
  if (typeof option === 'object') return option;
  if (typeof option === 'number') return { count: option };
  return { count: option ? 0 : -1 };
}
