import type { Row, TableName } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { jsonOf } from './stored-change.js';
import type { BlockerView, QueueEntry, Trace, TracedChange } from './trace.js';

/** Stands for a value of a column that a queue hides. */
export const HIDDEN = '[hidden]';

/** The queues of the logs: they hold whole rows, so they do not decide what a trace shows. */
const LOG_QUEUES: ReadonlySet<string> = new Set(['audit', 'change-log']);

/** Columns of the operators' log that hold whole changes, as JSON texts: of a log's queue, too. */
const CHANGES_IN_LOG: ReadonlySet<string> = new Set(['original', 'corrected']);

export function isLogQueue(name: string): boolean {
  return LOG_QUEUES.has(name);
}

/**
 * Whether a trace hides a column of a row that comes from a log. A log may hold more than any queue shows, and must not be a way
 * around the masks: a column is hidden if a queue of the table masks or omits it, or if no queue shows it.
 */
export function hiddenByQueues(
  queues: readonly QueueConfig[],
  { schema, table }: TableName,
): (column: string) => boolean {
  if (schema === 'walmq' && table === 'operator_log') return column => CHANGES_IN_LOG.has(column);
  const taking = queues.filter(({ tables }) =>
    tables.some(route => route.schema === schema && route.table === table),
  );
  const others = taking.filter(({ name }) => !LOG_QUEUES.has(name));
  const deciding = others.length > 0 ? others : taking;
  return column => {
    const shows = ({ shape }: QueueConfig) => shape?.columns?.includes(column) !== false;
    return taking.some(({ shape }) => hides(shape, column)) || (deciding.length > 0 && !deciding.some(shows));
  };
}

/** The queues of a table that mask or omit a column. */
export function queuesHiding(queues: readonly QueueConfig[], name: TableName, column: string): string[] {
  return queues
    .filter(({ tables }) =>
      tables.some(({ schema, table }) => schema === name.schema && table === name.table),
    )
    .filter(({ shape }) => hides(shape, column))
    .map(queue => queue.name);
}

function hides(shape: QueueConfig['shape'], column: string): boolean {
  return shape?.omit?.includes(column) === true || Object.hasOwn(shape?.mask ?? {}, column);
}

/** The row with HIDDEN in place of hidden values. NULL stays, as the masks of a queue leave it. */
export function hideColumns<R extends Row | null>(row: R, isHidden: (column: string) => boolean): R {
  if (row === null) return row;
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value !== null && isHidden(column) ? HIDDEN : value,
    ]),
  ) as R;
}

/** The key and the rows of a change, which may come from anybody who can write to Redis. */
interface MaybeChange {
  readonly schema?: unknown;
  readonly table?: unknown;
  readonly key?: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The data of a job as its queue shows it: of a log's queue, without what the other queues of the table hide. */
export function shownData<T>(queues: readonly QueueConfig[], queue: string, data: T): T {
  return isLogQueue(queue) && typeof data === 'object' && data !== null ? hideInChange(queues, data) : data;
}

/** As shownData, of JSON text. */
export function shownJson(queues: readonly QueueConfig[], queue: string, json: string): string {
  if (!isLogQueue(queue)) return json;
  const data = jsonOf(json);
  return data === null ? HIDDEN : JSON.stringify(shownData(queues, queue, data));
}

/** A change of a log or of its queue, without what the queues of its table hide. */
export function hideInChange<T extends MaybeChange>(queues: readonly QueueConfig[], change: T): T {
  const { schema = 'public', table } = change;
  if (typeof schema !== 'string' || typeof table !== 'string') return change;
  const isHidden = hiddenByQueues(queues, { schema, table });
  const hidden = (['key', 'before', 'after'] as const).flatMap(part => {
    const row = change[part];
    return typeof row === 'object' && row !== null ? [[part, hideColumns(row as Row, isHidden)]] : [];
  });
  return { ...change, ...Object.fromEntries(hidden) };
}

/**
 * The trace for somebody who may see states and times but no data: no keys, rows, contexts and results. No reasons either, since
 * a handler may put anything into the message of an error.
 */
export function withoutData(trace: Trace): Trace {
  return {
    ...trace,
    notes: trace.notes.filter(({ code }) => code !== 'nearest'),
    changes: trace.changes.map(bareChange),
    isHidden: true,
  };
}

function bareChange(change: TracedChange): TracedChange {
  return {
    ...change,
    key: null,
    context: null,
    rows: [],
    moved: change.moved && { ...change.moved, key: null },
    queues: change.queues.map(bareEntry),
    actions: change.actions.map(action => ({ ...action, reason: null, result: null })),
  };
}

function bareEntry(entry: QueueEntry): QueueEntry {
  const { job, inbox } = entry;
  return {
    ...entry,
    inbox: inbox && { ...inbox, result: null },
    effects: entry.effects.map(effect => ({ ...effect, result: null })),
    job: job && {
      ...job,
      failedReason: job.failedReason && HIDDEN,
      result: null,
      behind: job.behind && bareBlocker(job.behind),
    },
  };
}

function bareBlocker(blocker: BlockerView): BlockerView {
  const { failedReason, paused } = blocker;
  return {
    ...blocker,
    key: null,
    failedReason: failedReason && HIDDEN,
    paused: paused && { ...paused, reason: paused.reason && HIDDEN },
  };
}
