import { formatPosition, type Lsn, parsePosition } from '@walmq/change';

/** A place that a backfill has passed: Redis holds the rows up to it, as the promise of durability says. */
export interface BackfillPoint {
  /** Position in the stream of the last row that was enqueued, in the form of `formatPosition`. */
  readonly at: string;
  /** Primary key of the last row that was read. */
  readonly key: readonly string[];
  /** Rows read and enqueued from the beginning to here. */
  readonly rowsRead: number;
  readonly rowsEnqueued: number;
}

/**
 * Places that a failover of Redis can still take back, oldest first. A place is settled when PostgreSQL no longer sends
 * the changes around it: until then these changes would come again after a loss, and so the rows have to, too.
 */
export type Trail = readonly BackfillPoint[];

/** Stored with every chunk, so it stays short. */
const MOST_POINTS = 16;

/** Each point is a whole, so any of them can be left out. Leaves out the one that is closest to its neighbours. */
export function withPoint(trail: Trail, point: BackfillPoint): Trail {
  // A chunk without a row to enqueue has the position of the chunk before it.
  const longer = [...trail.filter(({ at }) => at !== point.at), point];
  if (longer.length <= MOST_POINTS) return longer;
  const gap = (index: number) =>
    (longer[index + 1] as BackfillPoint).rowsRead - (longer[index - 1]?.rowsRead ?? 0);
  const inner = longer.slice(0, -1).map((_, index) => index);
  const closest = inner.reduce((least, index) => (gap(index) < gap(least) ? index : least));
  return longer.filter((_, index) => index !== closest);
}

/** The last point before which the slot asks for nothing again, and the points behind it. */
export function settle(
  trail: Trail,
  confirmedFlush: Lsn,
): { readonly settled: BackfillPoint | undefined; readonly trail: Trail } {
  // Confirmed in the middle of the transaction, at the position of its commit: PostgreSQL sends the whole of it again.
  const count = trail.filter(({ at }) => parsePosition(at).lsn < confirmedFlush).length;
  return { settled: trail[count - 1], trail: trail.slice(count) };
}

/** What is left of a trail in a Redis whose checkpoint stands here: rows behind the checkpoint are lost. */
export function heldBy(trail: Trail, checkpoint: Parameters<typeof formatPosition>[0]): Trail {
  const upTo = formatPosition(checkpoint);
  return trail.filter(({ at }) => at <= upTo);
}
