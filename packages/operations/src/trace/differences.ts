import type { Change, Row } from '@walmq/change';
import { HIDDEN } from './hide.js';
import type { Difference, RowView } from './trace.js';

/** What a change shows of its rows, for one queue or log. */
export function rowViewOf(of: string, { before, after }: Pick<Change, 'before' | 'after'>): RowView {
  return {
    of: [of],
    before: before ?? null,
    after: after ?? null,
    differences: differencesOf(before ?? null, after ?? null),
  };
}

/**
 * The columns whose values differ. Of an insert and a delete: all columns. Without a whole old row the old values are not known,
 * so all columns of the new row are listed, without an old value.
 */
export function differencesOf(before: Row | null, after: Row | null): Difference[] {
  const columns = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return columns.flatMap(column => {
    const [old, now] = [before?.[column], after?.[column]];
    if (old !== undefined && now !== undefined && JSON.stringify(old) === JSON.stringify(now)) return [];
    // A value that only the old row has was not sent for the new row: unchanged TOAST.
    if (after && now === undefined) return [];
    return [
      { column, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) },
    ];
  });
}

/** Views that show the same become one. */
export function distinctViews(views: readonly RowView[]): RowView[] {
  const byText = new Map<string, RowView>();
  for (const view of views) {
    // jsonb orders the columns of a row anew.
    const text = JSON.stringify(
      [view.before, view.after].map(row => Object.entries(row ?? {}).sort(byColumn)),
    );
    const known = byText.get(text);
    byText.set(text, known ? { ...known, of: [...new Set([...known.of, ...view.of])] } : view);
  }
  return [...byText.values()];
}

/** The views, without those of a log that tell no more than the view of a queue. */
export function withoutCovered(ofQueues: readonly RowView[], ofLogs: readonly RowView[]): RowView[] {
  const isCovered = (view: RowView) =>
    ofQueues.some(({ before, after }) => covers(before, view.before) && covers(after, view.after));
  return distinctViews([...ofQueues, ...ofLogs.filter(view => !isCovered(view))]);
}

function covers(row: Row | null, less: Row | null): boolean {
  return Object.entries(less ?? {}).every(
    ([column, value]) => value === HIDDEN || JSON.stringify(row?.[column]) === JSON.stringify(value),
  );
}

/** For a reader: views that show the same differences become one, and views without any are left out. */
export function viewsToRead(views: readonly RowView[]): RowView[] {
  const byText = new Map<string, RowView>();
  for (const view of views) {
    if (view.differences.length === 0) continue;
    const text = JSON.stringify(view.differences);
    const known = byText.get(text);
    byText.set(text, known ? { ...known, of: [...new Set([...known.of, ...view.of])] } : view);
  }
  return [...byText.values()];
}

function byColumn([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
