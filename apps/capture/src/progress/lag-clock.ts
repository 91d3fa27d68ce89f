import type { Lsn } from '@walmq/change';

interface Sample {
  readonly walEnd: Lsn;
  readonly atMs: number;
}

/** Beyond this many, the older half keeps every second sample, so that any lag fits. */
const MOST_SAMPLES = 1000;

/**
 * Turns positions into time. Some looks record where the WAL ended at an instant; once that position is acknowledged,
 * so is everything that had been committed by then.
 */
export class LagClock {
  #samples: readonly Sample[] = [];
  #caughtUpAtMs: number | undefined;

  /** Everything committed before this instant is acknowledged; undefined until that is known of any. */
  get caughtUpAtMs(): number | undefined {
    return this.#caughtUpAtMs;
  }

  /** Milliseconds: nothing unacknowledged is older, as far as this clock has been looking. */
  lagMs(nowMs: number): number | undefined {
    const since = this.#caughtUpAtMs ?? this.#samples[0]?.atMs;
    return since === undefined ? undefined : Math.max(0, nowMs - since);
  }

  look({ walEnd, acknowledged, nowMs }: { walEnd: Lsn; acknowledged: Lsn; nowMs: number }): void {
    const samples = [...this.#samples, { walEnd, atMs: nowMs }];
    this.#caughtUpAtMs =
      samples.findLast(sample => sample.walEnd <= acknowledged)?.atMs ?? this.#caughtUpAtMs;
    const waiting = samples.filter(sample => sample.walEnd > acknowledged);
    this.#samples = waiting.length > MOST_SAMPLES ? thinned(waiting) : waiting;
  }
}

function thinned(samples: readonly Sample[]): Sample[] {
  const half = Math.floor(samples.length / 2);
  return samples.filter((_, index) => index >= half || index % 2 === 0);
}
