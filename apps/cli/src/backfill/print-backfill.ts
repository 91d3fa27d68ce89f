import { type Backfill, paceOf } from '@walmq/backfill';
import { qualifiedName } from '@walmq/change';
import { durationText } from '../terminal/duration.js';
import { tableLines } from '../terminal/table.js';

export function backfillLines(backfills: readonly Backfill[], nowMs: number): string[] {
  if (backfills.length === 0) return ['There is no backfill.'];
  const heads = ['id', 'status', 'queue', 'table', 'where', 'read', 'enqueued', 'rows/s', 'left', 'error'];
  return tableLines(
    heads,
    backfills.map(backfill => {
      const { id, status, queue, schema, table, filter, rowsRead, rowsEnqueued, error } = backfill;
      const { rowsPerSecond, secondsLeft } = paceOf(backfill, nowMs);
      const where = filter ?? '-';
      return [
        id,
        status,
        queue,
        qualifiedName({ schema, table }),
        where,
        rowsRead,
        rowsEnqueued,
        rowsPerSecond === null ? '-' : Math.round(rowsPerSecond),
        secondsLeft === null ? '-' : durationText(secondsLeft),
        error ?? '-',
      ];
    }),
  );
}
