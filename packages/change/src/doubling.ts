/** Milliseconds of a delay that starts at `firstMs` and doubles each time, up to `maxMs`. `times` counts from 0. */
export function doubling(firstMs: number, times: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** times, maxMs);
}
