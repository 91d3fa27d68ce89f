import { type Lsn, lsnFromHex, tableName } from '@walmq/change';

/** The parts of a failed job that are read. */
export interface FailedJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly failedReason: string;
  readonly finishedOn?: number | undefined;
}

/** The change in a job's data, if there is one: jobs of other tools may stand in the same queues. */
export interface LooseChange {
  readonly schema?: string;
  readonly table?: string;
  readonly key?: Readonly<Record<string, unknown>> | null;
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
  readonly tx?: { readonly committedAt?: string };
}

/** Undefined: the job's data is no object. */
export function changeOf({ data }: Pick<FailedJob, 'data'>): LooseChange | undefined {
  return typeof data === 'object' && data !== null ? (data as LooseChange) : undefined;
}

/** `orders`, or `sales.orders` outside schema public. */
export function tableOf(change: LooseChange | undefined): string | undefined {
  if (typeof change?.table !== 'string') return undefined;
  const { schema = 'public', table } = change;
  return tableName({ schema, table });
}

/** BullMQ's whole message when workers died or stalled on a job too often. The worker kit writes more. */
const STALLED = 'job stalled more than allowable limit';

/** The reason of the failure, as an operator needs it. */
export function reasonOf({ failedReason }: Pick<FailedJob, 'failedReason'>): string {
  if (failedReason !== STALLED) return failedReason ?? '';
  return `${STALLED}: workers ended or stopped answering while they had this change, or another one that was active with it. Look at how they ended (out of memory, a crash), mend that, then retry.`;
}

/** A job's id is its change's id (LSN and number in the transaction) and the tag of its source. */
const JOB_ID = /^(([0-9A-F]{16})-\d{10})-/;

/** Undefined: the job holds no change. */
export function changeIdOf(jobId: string): string | undefined {
  return JOB_ID.exec(jobId)?.[1];
}

/** LSN of the transaction's commit. */
export function lsnOf(jobId: string): Lsn | undefined {
  const hex = JOB_ID.exec(jobId)?.[2];
  return hex === undefined ? undefined : lsnFromHex(hex);
}
