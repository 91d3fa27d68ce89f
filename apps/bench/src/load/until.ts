import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../cases/bench-error.js';

export interface UntilOptions {
  readonly what: string;
  readonly everyMs: number;
  readonly withinMs: number;
}

/** Repeats a question until it has an answer. Rejects with BENCH_STUCK if there is none within `withinMs`. */
export async function until<T>(
  { what, everyMs, withinMs }: UntilOptions,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(everyMs);
  }
  throw new BenchError('BENCH_STUCK', `${what} did not happen within ${withinMs / 1000} s.`);
}
