import { setTimeout as sleep } from 'node:timers/promises';
import type { Drain } from '../cases/measurement.js';
import { until } from '../load/until.js';
import { cpuBetween, cpuOf, type Sides } from './sides.js';

const LOOK_MS = 20;
/** Limit for the first change. PostgreSQL decodes a large transaction to its end before it sends the first row. */
const FIRST_MS = 300_000;
/** Limit for the next change while others have arrived. */
const NEXT_MS = 60_000;

/** Measures the time from the first poll that finds a change to the poll that finds the last one. */
export async function timeDrain(options: {
  readonly changes: number;
  readonly sides: Sides;
  /** Number of changes that have arrived. */
  readonly count: () => Promise<number>;
}): Promise<Drain> {
  const { changes, sides, count } = options;
  const lookFor = async (wanted: number, withinMs: number) => {
    for (let before = 0; ; await sleep(LOOK_MS)) {
      const what = `the arrival of change ${before + 1} of ${changes}`;
      const seen = await until({ what, everyMs: LOOK_MS, withinMs }, async () => {
        sides.reader?.assertAlive();
        const found = await count();
        return found > before ? { found, atMs: performance.now() } : undefined;
      });
      if (seen.found >= wanted) return seen;
      before = seen.found;
    }
  };
  const start = { found: 0, atMs: performance.now(), cpu: await cpuOf(sides) };
  const found = await lookFor(1, FIRST_MS);
  // A tiny backlog may arrive between two polls.
  const first = found.found < changes ? { ...found, cpu: await cpuOf(sides) } : start;
  const last = await lookFor(changes, NEXT_MS);
  const after = await cpuOf(sides);
  const usage = await sides.reader?.usage();
  return {
    changes: last.found - first.found,
    seconds: (last.atMs - first.atMs) / 1000,
    cpu: cpuBetween(first.cpu, after),
    peakRssBytes: usage?.peakRssBytes ?? null,
  };
}
