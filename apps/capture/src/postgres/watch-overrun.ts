import { WalmqError } from '@walmq/change';
import { type ReplicationStream, readSlot } from '@walmq/replication';
import { poll } from '@walmq/runtime';
import type { Client } from 'pg';

export interface WatchOverrunOptions {
  /** An ordinary connection to the database. */
  readonly control: Client;
  readonly slot: string;
  readonly stream: Pick<ReplicationStream, 'full'>;
  readonly signal: AbortSignal;
}

const INTERVAL_MS = 1000;

/**
 * A checkpoint that invalidates a slot terminates its walsender, which waits for its client to read the message. A client
 * that reads nothing, because Redis takes nothing, would block that checkpoint, and so every checkpoint. Rejects with
 * SLOT_OVERRUN when that is about to happen; resolves after the signal.
 */
export async function watchOverrun({ control, slot, stream, signal }: WatchOverrunOptions): Promise<void> {
  await poll({
    everyMs: INTERVAL_MS,
    startAfterMs: INTERVAL_MS,
    signal,
    async look() {
      if (stream.full && (await readSlot(control, slot))?.walStatus === 'unreserved') throw slotOverrun(slot);
    },
  });
}

function slotOverrun(slot: string): WalmqError {
  return new WalmqError(
    'SLOT_OVERRUN',
    `slot "${slot}" is behind by more than max_slot_wal_keep_size, and nothing can be enqueued: its WAL is about to be removed.`,
    { remedy: 'Mend what keeps Redis from taking jobs; raise max_slot_wal_keep_size.' },
  );
}
