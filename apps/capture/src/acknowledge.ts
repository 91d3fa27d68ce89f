import { type Lsn, maxLsn, type Position } from '@walmq/change';

/**
 * How far the stream has come, in four steps. Each is at or behind the one above it, and the server is told the
 * last one only.
 */
export interface Progress {
  /** The server has sent everything before this. */
  readonly received: Lsn;
  /** Redis holds the job of every change up to this position. */
  readonly enqueued: Position;
  /** ... and keeps it, as the operator's promise of durability says. */
  readonly durable: Position;
  /** The server may forget everything before this. */
  readonly acknowledged: Lsn;
  /** Durable positions that wait out `ackDelayMs`, oldest first. */
  readonly delayed: readonly { readonly lsn: Lsn; readonly durableAtMs: number }[];
}

export type ProgressEvent =
  | { readonly type: 'received'; readonly lsn: Lsn }
  | { readonly type: 'enqueued'; readonly position: Position }
  | { readonly type: 'durable'; readonly position: Position; readonly nowMs: number }
  | { readonly type: 'elapsed'; readonly nowMs: number };

/** Everything up to where the checkpoint stands has been enqueued and acknowledged before. */
export function progressFrom(checkpoint: Position, acknowledged: Lsn): Progress {
  return { received: checkpoint.lsn, enqueued: checkpoint, durable: checkpoint, acknowledged, delayed: [] };
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
    case 'enqueued':
      return {
        ...progress,
        received: maxLsn(progress.received, event.position.lsn),
        enqueued: event.position,
      };
    case 'durable':
      return acknowledgeDue(
        {
          ...progress,
          durable: event.position,
          delayed: [...progress.delayed, { lsn: event.position.lsn, durableAtMs: event.nowMs }],
        },
        event.nowMs - ackDelayMs,
      );
    case 'elapsed':
      return acknowledgeDue(progress, event.nowMs - ackDelayMs);
  }
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
