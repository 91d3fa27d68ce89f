import type { Backfill } from './backfill.js';

/** How far it is: rows read, of as many as there may be. An estimate that has been passed is one no more. */
export function doneOf({ rowsRead, rowsExpected, filter }: Backfill): { done: number; of: number } {
  // The estimate is of the rows that the filter takes, and what is read is more.
  const of = filter === null ? (rowsExpected ?? 0) : 0;
  return { done: rowsRead, of: Math.max(of, rowsRead) };
}

/** Rows a second since it began, and the seconds the rest takes at that pace; null where nobody can know. */
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
