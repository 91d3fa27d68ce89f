import type { Backfill } from '@walmq/backfill';
import { durationText } from '../status/duration.js';
import { tableLines } from '../status/table.js';

/** How far it is: rows read, of as many as there may be. An estimate that has been passed is one no more. */
export function doneOf({ rowsRead, rowsExpected, filter }: Backfill): { done: number; of: number } {
  // The estimate is of the rows that the filter takes, and what is read is more.
  const of = filter === null ? (rowsExpected ?? 0) : 0;
  return { done: rowsRead, of: Math.max(of, rowsRead) };
}

export function backfillLines(backfills: readonly Backfill[], nowMs: number): string[] {
  if (backfills.length === 0) return ['There is no backfill.'];
  const heads = ['id', 'status', 'queue', 'table', 'where', 'read', 'enqueued', 'rows/s', 'left', 'error'];
  return tableLines(
    heads,
    backfills.map(backfill => {
      const { id, status, queue, schema, table, filter, rowsRead, rowsEnqueued, error } = backfill;
      const { perSecond, left } = paceOf(backfill, nowMs);
      const where = filter ?? '-';
      return [
        id,
        status,
        queue,
        `${schema}.${table}`,
        where,
        rowsRead,
        rowsEnqueued,
        perSecond,
        left,
        error ?? '-',
      ];
    }),
  );
}

/** Rows a second since it began, and how long the rest takes at that pace. */
export function paceOf(backfill: Backfill, nowMs: number): { perSecond: string; left: string } {
  const { startedAt, endedAt, status, rowsRead } = backfill;
  if (startedAt === null || rowsRead === 0) return { perSecond: '-', left: '-' };
  const seconds = ((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000;
  const pace = rowsRead / Math.max(seconds, 0.001);
  const { of } = doneOf(backfill);
  const left = status === 'running' && of > rowsRead ? durationText((of - rowsRead) / pace) : '-';
  return { perSecond: String(Math.round(pace)), left };
}
