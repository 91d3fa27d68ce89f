import type { PipelineStatus } from '@walmq/operations';

/** Fifteen minutes in steps of ten seconds: the width of a sparkline, and all that is kept. */
export const STEP_MS = 10_000;
export const STEPS = 90;

/** The values of the sparklines, by name; null if unknown. */
export type Sample = Readonly<Record<string, number | null>>;

export function sampleOf({ captures, lag, database, queues }: PipelineStatus): Sample {
  const active = captures.find(({ role }) => role === 'active');
  const slot = database.reachable ? database.slot : null;
  return {
    changesPerSecond: active?.changesPerSecond ?? null,
    retainedWalBytes: slot?.retainedWalBytes ?? null,
    acknowledgedBytes: lag?.acknowledgedBytes ?? null,
    ...Object.fromEntries(
      queues.flatMap(queue => [
        [backlogOf(queue.name), queue.waiting + queue.active + queue.delayed + queue.parked],
        [completedOf(queue.name), queue.completedPerMinute],
      ]),
    ),
  };
}

/** Names of a queue's series. */
export const backlogOf = (queue: string) => `queue:${queue}:backlog`;
export const completedOf = (queue: string) => `queue:${queue}:completed`;

/** The last fifteen minutes: the newest sample of each step; steps without a look are empty. */
export class History {
  readonly #steps = new Map<number, Sample>();
  #newest = 0;

  add(atMs: number, sample: Sample): void {
    const step = Math.floor(atMs / STEP_MS);
    this.#newest = Math.max(this.#newest, step);
    this.#steps.set(step, sample);
    for (const old of this.#steps.keys()) if (old <= this.#newest - STEPS) this.#steps.delete(old);
  }

  /** One value per step, the newest last. */
  series(name: string): (number | null)[] {
    return Array.from({ length: STEPS }, (_, index) => {
      const sample = this.#steps.get(this.#newest - STEPS + 1 + index);
      return sample?.[name] ?? null;
    });
  }
}
