import { type Lsn, lsnFromHex } from '@walmq/change';
import { type FailureKind, kindOf } from './failures.js';

/** Which failed changes; what is left out does not matter. All that is given must hold. */
export interface FailedFilter {
  /** The very group that a list of failures shows. */
  readonly kind?: FailureKind;
  /** `orders`, or `sales.orders` for a table outside of public. */
  readonly table?: string;
  readonly op?: string;
  /** Columns of the change's key and their values, as text. */
  readonly key?: Readonly<Record<string, string>>;
  /** Held by the reason, in whatever case. */
  readonly reason?: string;
  /** When it failed: from, and up to; milliseconds since 1970. */
  readonly failedFromMs?: number;
  readonly failedToMs?: number;
  /** When its transaction was committed. */
  readonly committedFromMs?: number;
  readonly committedToMs?: number;
  /** LSN of its transaction's commit, both ends included. */
  readonly fromLsn?: Lsn;
  readonly toLsn?: Lsn;
  /** Ids of changes or of jobs. */
  readonly ids?: ReadonlySet<string>;
}

/** What is read of a failed job. */
export interface FailedJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly failedReason: string;
  readonly finishedOn?: number | undefined;
}

/** A job that holds no change matches only what can be said of it: ids, reason, time of failure, operation. */
export function matches(filter: FailedFilter, queue: string, job: FailedJob): boolean {
  const change = changeOf(job);
  const committedMs = change?.tx?.committedAt === undefined ? undefined : Date.parse(change.tx.committedAt);
  const lsn = positionOf(job)?.lsn;
  const { kind } = filter;
  return (
    (kind === undefined || isSameKind(kind, kindOf(queue, job))) &&
    (filter.table === undefined || filter.table === tableOf(change)) &&
    (filter.op === undefined || filter.op === job.name) &&
    (filter.key === undefined || hasKey(change, filter.key)) &&
    (filter.reason === undefined ||
      (job.failedReason ?? '').toLowerCase().includes(filter.reason.toLowerCase())) &&
    within(job.finishedOn, filter.failedFromMs, filter.failedToMs) &&
    within(committedMs, filter.committedFromMs, filter.committedToMs) &&
    within(lsn, filter.fromLsn, filter.toLsn) &&
    (filter.ids === undefined || filter.ids.has(job.id ?? '') || filter.ids.has(change?.id ?? ''))
  );
}

function isSameKind(a: FailureKind, b: FailureKind): boolean {
  return a.queue === b.queue && a.table === b.table && a.reason === b.reason;
}

interface LooseChange {
  readonly id?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly key?: Readonly<Record<string, unknown>> | null;
  readonly tx?: { readonly committedAt?: string };
}

function changeOf({ data }: FailedJob): LooseChange | undefined {
  return typeof data === 'object' && data !== null ? (data as LooseChange) : undefined;
}

function tableOf(change: LooseChange | undefined): string | undefined {
  if (change?.table === undefined) return undefined;
  return change.schema === undefined || change.schema === 'public'
    ? change.table
    : `${change.schema}.${change.table}`;
}

function hasKey(change: LooseChange | undefined, wanted: Readonly<Record<string, string>>): boolean {
  const { key } = change ?? {};
  return Object.entries(wanted).every(([column, value]) => key != null && textOf(key[column]) === value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function within<T extends number | bigint>(
  value: T | undefined,
  from: T | undefined,
  to: T | undefined,
): boolean {
  if (from === undefined && to === undefined) return true;
  return value !== undefined && (from === undefined || value >= from) && (to === undefined || value <= to);
}

const POSITION = /^([0-9A-F]{16})-(\d{10})/;

/** A job's id begins with the position of its change. */
function positionOf({ id }: FailedJob): { lsn: Lsn } | undefined {
  const hex = POSITION.exec(id ?? '')?.[1];
  return hex === undefined ? undefined : { lsn: lsnFromHex(hex) };
}
