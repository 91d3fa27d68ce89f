/** A delay of `firstMs` that doubles each time and stays at `maxMs`; `times` counts from 0. */
export function doubling(firstMs: number, times: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** times, maxMs);
}
