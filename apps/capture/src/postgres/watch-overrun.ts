import { WalmqError } from '@walmq/change';
import { type ReplicationStream, readSlot } from '@walmq/replication';
import type { Client } from 'pg';

export interface LetGoOptions {
  /** An ordinary connection to the database. */
  readonly control: Client;
  readonly slot: string;
  readonly stream: Pick<ReplicationStream, 'full'>;
}

const INTERVAL_MS = 1000;

/**
 * A walsender that is told to end says so to its client first, and waits for it to read that. A client that reads
 * nothing, since Redis takes nothing, would hold up the checkpoint that gives a slot up, and so every checkpoint.
 * `overrun` rejects with SLOT_OVERRUN when that is about to happen; it never resolves.
 */
export function watchOverrun({ control, slot, stream }: LetGoOptions): {
  readonly overrun: Promise<never>;
  stop(): void;
} {
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    const look = async () => {
      if (stream.full && (await readSlot(control, slot))?.walStatus === 'unreserved') throw slotOverrun(slot);
      // Looked at again, unless the session is over.
      if (timer) timer = setTimeout(again, INTERVAL_MS);
    };
    const again = () => void look().catch(reject);
    timer = setTimeout(again, INTERVAL_MS);
  });
  overrun.catch(() => undefined);
  return {
    overrun,
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function slotOverrun(slot: string): WalmqError {
  return new WalmqError(
    'SLOT_OVERRUN',
    `slot "${slot}" is behind by more than max_slot_wal_keep_size, and nothing can be enqueued: its WAL is about to be removed.`,
    { remedy: 'Mend what keeps Redis from taking jobs; raise max_slot_wal_keep_size.' },
  );
}
