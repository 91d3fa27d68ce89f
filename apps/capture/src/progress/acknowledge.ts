import { comparePositions, type Lsn, maxLsn, type Position } from '@walmq/change';

/**
 * How far the stream has come, in four steps. Each step is at or behind the step above it; capture confirms only the
 * last one to the server.
 */
export interface Progress {
  /** The server has sent everything before this. */
  readonly received: Lsn;
  /** Redis holds the job of every change up to this position: the slowest shard's. */
  readonly enqueued: Position;
  /** Redis keeps those jobs as `redis.durability` promises. */
  readonly durable: Position;
  /** The last two, for each shard. */
  readonly shards: readonly ShardProgress[];
  /** The server may forget everything before this. */
  readonly acknowledged: Lsn;
  /** Durable positions that wait out `ackDelayMs`, oldest first. */
  readonly delayed: readonly { readonly lsn: Lsn; readonly durableAtMs: number }[];
}

export interface ShardProgress {
  readonly enqueued: Position;
  readonly durable: Position;
}

/** `nowMs` is of a monotonic clock: only differences count. */
export type ProgressEvent =
  | { readonly type: 'received'; readonly lsn: Lsn }
  | { readonly type: 'enqueued'; readonly shard: number; readonly position: Position }
  | { readonly type: 'durable'; readonly shard: number; readonly position: Position; readonly nowMs: number }
  | { readonly type: 'elapsed'; readonly nowMs: number };

/** Steps of a delay: positions that become durable within one step are acknowledged together. */
const DELAY_STEPS = 100;

/**
 * Everything up to a shard's checkpoint has been enqueued in the shard before. Whether that is durable is not known yet:
 * the capture that wrote the checkpoint may have ended before Redis confirmed it. What was acknowledged is durable, and
 * the first batch that the shard confirms proves all before it.
 */
export function progressFrom(checkpoints: readonly Position[], acknowledged: Lsn): Progress {
  const slowest = slowestOf(checkpoints);
  const durable = { lsn: acknowledged, seq: 0 };
  return {
    received: slowest.lsn,
    enqueued: slowest,
    durable,
    shards: checkpoints.map(checkpoint => ({ enqueued: checkpoint, durable })),
    acknowledged,
    delayed: [],
  };
}

/**
 * Durable first, then acknowledge: swap these and a crash loses changes.
 *
 * What is acknowledged is the LSN of the durable position, exactly. For the end of a transaction that is its end
 * LSN, which already is "last byte + 1": one more and PostgreSQL skips a transaction whose commit record starts
 * right there. In the middle of a transaction it is the LSN of that transaction's own commit record, before which
 * everything has been seen; PostgreSQL sends the whole of it again and the checkpoint tells what to skip.
 */
export function nextProgress(progress: Progress, event: ProgressEvent, ackDelayMs: number): Progress {
  switch (event.type) {
    case 'received':
      return { ...progress, received: maxLsn(progress.received, event.lsn) };
    case 'enqueued': {
      const shards = withShard(progress, event.shard, { enqueued: event.position });
      return {
        ...progress,
        shards,
        received: maxLsn(progress.received, event.position.lsn),
        enqueued: slowestOf(shards.map(({ enqueued }) => enqueued)),
      };
    }
    case 'durable': {
      const shards = withShard(progress, event.shard, { durable: event.position });
      const durable = slowestOf(shards.map(({ durable }) => durable));
      const delayed = delay(progress.delayed, { lsn: durable.lsn, durableAtMs: event.nowMs }, ackDelayMs);
      return acknowledgeDue({ ...progress, shards, durable, delayed }, event.nowMs - ackDelayMs);
    }
    case 'elapsed':
      return acknowledgeDue(progress, event.nowMs - ackDelayMs);
  }
}

function withShard(progress: Progress, shard: number, change: Partial<ShardProgress>): ShardProgress[] {
  return progress.shards.map((one, index) => (index === shard ? { ...one, ...change } : one));
}

/** What every shard has reached. */
function slowestOf(positions: readonly Position[]): Position {
  return positions.reduce((slowest, position) =>
    comparePositions(position, slowest) < 0 ? position : slowest,
  );
}

type Delayed = Progress['delayed'];

/** Waits from its own time on, or together with those just before it: so the list stays short at any rate. */
function delay(delayed: Delayed, entry: Delayed[number], ackDelayMs: number): Delayed {
  const previous = delayed.at(-2);
  const together = previous && entry.durableAtMs - previous.durableAtMs < ackDelayMs / DELAY_STEPS;
  return [...(together ? delayed.slice(0, -1) : delayed), entry];
}

function acknowledgeDue(progress: Progress, durableBeforeMs: number): Progress {
  const waiting = progress.delayed.findIndex(({ durableAtMs }) => durableAtMs > durableBeforeMs);
  const due = waiting < 0 ? progress.delayed.length : waiting;
  const last = progress.delayed[due - 1];
  if (!last) return progress;
  return {
    ...progress,
    acknowledged: maxLsn(progress.acknowledged, last.lsn),
    delayed: progress.delayed.slice(due),
  };
}
