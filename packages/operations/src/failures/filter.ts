import type { Lsn } from '@walmq/change';
import { changeIdOf, changeOf, type FailedJob, type LooseChange, lsnOf, tableOf } from './failed-job.js';
import { type FailureKind, kindId, kindOf } from './failures.js';

/** Selects failed changes. All given conditions must hold; an absent one is not checked. */
export interface FailedFilter {
  /** The exact group that a list of failures shows. */
  readonly kind?: FailureKind;
  /** The same group by its name: see kindId. */
  readonly group?: string;
  /** `orders`, or `sales.orders` for a table outside of public. */
  readonly table?: string;
  readonly op?: string;
  /** Column values as text: in the change's key, or else in its new or old row. */
  readonly key?: Readonly<Record<string, string>>;
  /** The values of the change's whole key, as text, in the key's order. */
  readonly keyValues?: readonly string[];
  /** A text that the reason contains, in any case. */
  readonly reason?: string;
  /** A text that the reason or a value of the change contains, in any case. */
  readonly text?: string;
  /** Time of the failure, from and to; milliseconds since 1970. */
  readonly failedFromMs?: number;
  readonly failedToMs?: number;
  /** Time of the transaction's commit. */
  readonly committedFromMs?: number;
  readonly committedToMs?: number;
  /** LSN of the transaction's commit, both ends included. */
  readonly fromLsn?: Lsn;
  readonly toLsn?: Lsn;
  /** Ids of changes or of jobs. */
  readonly ids?: ReadonlySet<string>;
}

/** A job that holds no change can match by id, reason, text, time of failure and operation only. */
export function matches(filter: FailedFilter, queue: string, job: FailedJob): boolean {
  const change = changeOf(job);
  const committedMs = change?.tx?.committedAt === undefined ? undefined : Date.parse(change.tx.committedAt);
  const { kind, group, text } = filter;
  return (
    headMatches(filter, job) &&
    (kind === undefined || isSameKind(kind, kindOf(queue, job))) &&
    (group === undefined || group === kindId(kindOf(queue, job))) &&
    (filter.table === undefined || filter.table === tableOf(change)) &&
    (filter.key === undefined || hasColumns(change, filter.key)) &&
    (filter.keyValues === undefined || hasKeyValues(change, filter.keyValues)) &&
    (text === undefined || contains(job.failedReason, text) || holdsText(job.data, text)) &&
    within(committedMs, filter.committedFromMs, filter.committedToMs)
  );
}

/** What can be decided without the job's data. */
export function headMatches(filter: FailedFilter, job: Omit<FailedJob, 'data'>): boolean {
  return (
    mayMatch(filter, job.id ?? '') &&
    (filter.op === undefined || filter.op === job.name) &&
    (filter.reason === undefined || contains(job.failedReason, filter.reason)) &&
    within(job.finishedOn, filter.failedFromMs, filter.failedToMs)
  );
}

/** ASCII that JSON writes as it is. */
const PLAIN = /^[\w@.+\- ]+$/;

/** Rejects most jobs by the text of their data, which is quicker than to parse it. */
export function dataMayMatch(filter: FailedFilter): (job: Omit<FailedJob, 'data'>, data: string) => boolean {
  const { text, key = {}, keyValues = [] } = filter;
  const plain = (texts: readonly string[]) =>
    texts.filter(part => PLAIN.test(part)).map(part => part.toLowerCase());
  const values = plain([...Object.values(key), ...keyValues]);
  const [part] = plain(text === undefined ? [] : [text]);
  if (values.length === 0 && part === undefined) return () => true;
  return (job, data) => {
    const lower = data.toLowerCase();
    return (
      values.every(value => lower.includes(value)) &&
      (part === undefined || lower.includes(part) || contains(job.failedReason, part))
    );
  };
}

/** True if the job's data decides. */
export function needsData(filter: FailedFilter): boolean {
  const { kind, group, table, key, keyValues, text, committedFromMs, committedToMs } = filter;
  return [kind, group, table, key, keyValues, text, committedFromMs, committedToMs].some(
    condition => condition !== undefined,
  );
}

/** Rejects most jobs by their ids alone, so that they need not be read. */
export function mayMatch({ ids, fromLsn, toLsn }: FailedFilter, jobId: string): boolean {
  return (
    (ids === undefined || ids.has(jobId) || ids.has(changeIdOf(jobId) ?? '')) &&
    within(lsnOf(jobId), fromLsn, toLsn)
  );
}

function contains(text: string | undefined, part: string): boolean {
  return (text ?? '').toLowerCase().includes(part.toLowerCase());
}

/** Looks at values, not at names of columns. A list in place of a recursion: data may be nested as deep as it likes. */
function holdsText(data: unknown, part: string): boolean {
  const todo = [data];
  while (todo.length > 0) {
    const value = todo.pop();
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) todo.push(inner);
    else if (value !== undefined && value !== null && contains(String(value), part)) return true;
  }
  return false;
}

function isSameKind(a: FailureKind, b: FailureKind): boolean {
  return a.queue === b.queue && a.table === b.table && a.reason === b.reason;
}

/** Looks at both rows: a change that moves its row between two ordering values belongs to both. */
function hasColumns(change: LooseChange | undefined, wanted: Readonly<Record<string, string>>): boolean {
  const { key, before, after } = change ?? {};
  const has = (row: LooseChange['key'], column: string, value: string) =>
    row != null && Object.hasOwn(row, column) && textOf(row[column]) === value;
  return Object.entries(wanted).every(([column, value]) =>
    [key, after, before].some(row => has(row, column, value)),
  );
}

function hasKeyValues(change: LooseChange | undefined, wanted: readonly string[]): boolean {
  const values = Object.values(change?.key ?? {}).map(textOf);
  return values.length === wanted.length && values.every((value, index) => value === wanted[index]);
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
