import type { Backfill } from './backfill.js';

/** Progress: rows read, and the estimated number of all rows, at least the rows read. */
export function doneOf({ rowsRead, rowsExpected, filter }: Backfill): { done: number; of: number } {
  // With a filter, the estimate counts the rows that match, and more rows are read.
  const of = filter === null ? (rowsExpected ?? 0) : 0;
  return { done: rowsRead, of: Math.max(of, rowsRead) };
}

/** Rows a second since the start, and the seconds for the rest at that rate; null if unknown. */
export function paceOf(
  backfill: Backfill,
  nowMs: number,
): { rowsPerSecond: number | null; secondsLeft: number | null } {
  const { startedAt, endedAt, status, rowsRead } = backfill;
  if (startedAt === null || rowsRead === 0) return { rowsPerSecond: null, secondsLeft: null };
  const seconds = ((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000;
  const rowsPerSecond = rowsRead / Math.max(seconds, 0.001);
  const { of } = doneOf(backfill);
  const secondsLeft = status === 'running' && of > rowsRead ? (of - rowsRead) / rowsPerSecond : null;
  return { rowsPerSecond, secondsLeft };
}
