import type { BacklogSample } from './slots.js';

/** When a backlog is worked off, if changes come and go as they did in the last minutes. */
export interface WorkedOff {
  /** Null: not foreseeable, see `reason`. 0: there is no backlog. */
  readonly seconds: number | null;
  /** True if it may take longer: changes parked behind failed ones wait for a person, or arrivals are not known yet. */
  readonly isLeast: boolean;
  /** Why it is not foreseeable. */
  readonly reason: 'nothing completes' | 'not shrinking' | null;
}

export interface Backlog {
  readonly nowMs: number;
  readonly ready: number;
  readonly parked: number;
  readonly failed: number;
  readonly donePerMinute: number;
  /** Of the last minutes, in any order. */
  readonly samples: readonly BacklogSample[];
}

/** How far back to look for the pace, and how far at least. */
const PACE_OVER_MS = 5 * 60_000;
const PACE_OVER_LEAST_MS = 30_000;

/**
 * Delayed changes are no part of the backlog: they wait for their time, and not for a worker. If changes have failed, nor are
 * the parked ones, some of which may wait for a person.
 */
export function workedOff({ nowMs, ready, parked, failed, donePerMinute, samples }: Backlog): WorkedOff {
  const waitsForPerson = failed > 0 && parked > 0;
  const toDo = waitsForPerson ? ready : ready + parked;
  if (toDo === 0) return { seconds: 0, isLeast: waitsForPerson, reason: null };
  if (donePerMinute === 0) return { seconds: null, isLeast: false, reason: 'nothing completes' };
  const usable = samples.filter(
    ({ atMs }) => nowMs - atMs <= PACE_OVER_MS && nowMs - atMs >= PACE_OVER_LEAST_MS,
  );
  const first = usable.toSorted((a, b) => a.atMs - b.atMs)[0];
  // No sample that is old enough: how many arrive is unknown.
  if (!first) return { seconds: (toDo / donePerMinute) * 60, isLeast: true, reason: null };
  const goneMs = nowMs - first.atMs;
  const shrunkBy = first.ready + first.parked - (ready + parked);
  if (shrunkBy <= 0) return { seconds: null, isLeast: false, reason: 'not shrinking' };
  return { seconds: (toDo / shrunkBy) * (goneMs / 1000), isLeast: waitsForPerson, reason: null };
}
