/** Whether a series grows, once it has warmed up. */
export interface Verdict {
  readonly name: string;
  readonly flat: boolean;
  /** How much the series has grown from the end of the warm-up to its end, by its slope. */
  readonly growth: number;
  /** Median after the warm-up. */
  readonly median: number;
  readonly max: number;
}

export interface FlatOptions {
  /** Share of the series that counts as warm-up. */
  readonly warmUp: number;
  /** Growth that counts as flat: this share of the median, or this much. */
  readonly share: number;
  readonly least: number;
}

/** Number of windows. Each counts with its least value: garbage that is not yet collected says nothing. */
const WINDOWS = 12;

/**
 * The slope of a series by Theil and Sen: the median of the slopes of all pairs. A few values that are far off do not move it.
 * A series with less than four values has no verdict: it throws RangeError.
 */
export function flatness(name: string, values: readonly number[], options: FlatOptions): Verdict {
  const rest = values.slice(Math.floor(values.length * options.warmUp));
  if (rest.length < 4)
    throw new RangeError(`${name} has ${rest.length} values after its warm-up: too few for a verdict`);
  const least = leastPerWindow(rest);
  const slopes = least.flatMap((a, i) => least.slice(i + 1).map((b, k) => (b - a) / (k + 1)));
  const growth = middle(slopes) * (least.length - 1);
  const median = middle(rest);
  return {
    name,
    growth,
    median,
    max: Math.max(...values),
    flat: growth <= Math.max(options.share * median, options.least),
  };
}

function leastPerWindow(values: readonly number[]): number[] {
  const count = Math.min(WINDOWS, values.length);
  return Array.from({ length: count }, (_, n) =>
    Math.min(
      ...values.slice(Math.floor((n * values.length) / count), Math.floor(((n + 1) * values.length) / count)),
    ),
  );
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}
