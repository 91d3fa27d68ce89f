import type { EncodedChange, Position } from '@walmq/change';
import { encodeRead, type Transaction } from '@walmq/replication';
import type { PassedChunk } from './window.js';

/** What became of a chunk in the stream. */
export type ChunkOutcome =
  | { readonly again: string }
  /** `last`: where the last of its rows stands; null when none is news. */
  | { readonly enqueued: number; readonly last: Position | null };

/**
 * Puts a chunk's rows into the stream where its high watermark stands: they are changes of that transaction, so their
 * ids follow all that came before and go ahead of all that comes.
 */
export async function enqueueRows(
  chunk: PassedChunk,
  transaction: Transaction,
  enqueue: (row: EncodedChange, queue: number) => Promise<void>,
): Promise<ChunkOutcome> {
  if ('again' in chunk) return { again: chunk.again };
  let enqueued = 0;
  let last: Position | null = null;
  for (const tuple of chunk.tuples) {
    const row = encodeRead(tuple, chunk.table, transaction);
    if (!chunk.isCurrent(row)) continue;
    await enqueue(row, chunk.queue);
    enqueued += 1;
    last = { lsn: transaction.commitLsn, seq: transaction.seq };
  }
  return { enqueued, last };
}
