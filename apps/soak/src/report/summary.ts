import type { RoundResult } from '../run/run-round.js';

export interface RecoveryRow {
  readonly act: string;
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Summary {
  readonly rounds: number;
  readonly failed: number;
  readonly acts: number;
  /** Faults that the machine did not allow. */
  readonly skipped: number;
  readonly changes: number;
  readonly jobs: number;
  readonly effects: number;
  readonly looks: number;
  readonly seconds: number;
  readonly recovery: readonly RecoveryRow[];
}

export function summaryOf(results: readonly RoundResult[]): Summary {
  const sum = (of: (result: RoundResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const times = new Map<string, number[]>();
  for (const { recoveries } of results)
    for (const { act, ms } of recoveries) times.set(act, [...(times.get(act) ?? []), ms]);
  return {
    rounds: results.length,
    failed: results.filter(({ faults }) => faults.length > 0).length,
    acts: sum(({ acts, skipped }) => acts.length - skipped.length),
    skipped: sum(({ skipped }) => skipped.length),
    changes: sum(({ changes }) => changes),
    jobs: sum(({ jobs }) => jobs),
    effects: sum(({ effects }) => effects),
    looks: sum(({ looks }) => looks),
    seconds: Math.round(sum(({ ms }) => ms) / 1000),
    recovery: [...times]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([act, values]) => {
        const sorted = values.sort((a, b) => a - b);
        return {
          act,
          count: sorted.length,
          p50: quantile(sorted, 0.5),
          p99: quantile(sorted, 0.99),
          max: quantile(sorted, 1),
        };
      }),
  };
}

/** Nearest rank: a value that was measured. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export function renderSummary(summary: Summary): string {
  const { rounds, failed, acts, changes, jobs, effects, looks, seconds } = summary;
  const width = Math.max(5, ...summary.recovery.map(({ act }) => act.length));
  const left =
    summary.skipped === 0
      ? []
      : [`${summary.skipped} times disk-full was left out: this process may not mount a small disk.`];
  return [
    `${rounds} rounds in ${seconds} s, ${failed} failed; ${acts} faults and operations, ${changes} changes, ${jobs} jobs, ` +
      `${effects} effects, ${looks} looks at the slot`,
    ...left,
    `${'until the next effect'.padEnd(width)}  count   p50 ms   p99 ms   max ms`,
    ...summary.recovery.map(
      ({ act, count, p50, p99, max }) =>
        `${act.padEnd(Math.max(width, 21))}  ${[count, p50, p99, max].map(value => String(value).padStart(6)).join('  ')}`,
    ),
  ].join('\n');
}
