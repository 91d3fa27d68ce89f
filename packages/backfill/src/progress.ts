import type { ClientBase } from 'pg';
import { BACKFILL_COLUMNS, type Backfill } from './backfill.js';

/** Sets the next backfill to running and returns it: the one that runs already, else the oldest that waits. */
export async function nextBackfill(client: ClientBase, slot: string): Promise<Backfill | undefined> {
  const { rows } = await client.query<Backfill>(
    `UPDATE walmq.backfill SET status = 'running', started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM walmq.backfill WHERE slot = $1 AND status IN ('waiting', 'running')
                   ORDER BY status = 'running' DESC, id LIMIT 1)
        -- again: the inner look is not repeated when the row is paused or cancelled meanwhile
        AND status IN ('waiting', 'running')
     RETURNING ${BACKFILL_COLUMNS}`,
    [slot],
  );
  return rows[0];
}

/** Stores the key of the table's last row, known from the first chunk on. */
export async function noteEnd(client: ClientBase, id: string, endKey: readonly string[]): Promise<void> {
  await client.query('UPDATE walmq.backfill SET end_key = $2 WHERE id = $1', [id, endKey]);
}

/** Stores that a chunk is durable. It is not read again. */
export async function noteChunk(
  client: ClientBase,
  id: string,
  chunk: { readonly lastKey: readonly string[]; readonly read: number; readonly enqueued: number },
): Promise<void> {
  await client.query(
    `UPDATE walmq.backfill SET last_key = $2, rows_read = rows_read + $3, rows_enqueued = rows_enqueued + $4 WHERE id = $1`,
    [id, chunk.lastKey, chunk.read, chunk.enqueued],
  );
}

/** Ends a running backfill. One that was cancelled or paused meanwhile stays as it is. */
export async function endBackfill(
  client: ClientBase,
  id: string,
  { status, error }: { readonly status: 'done' | 'failed'; readonly error?: string },
): Promise<void> {
  await client.query(
    `UPDATE walmq.backfill SET status = $2, error = $3, ended_at = now() WHERE id = $1 AND status = 'running'`,
    [id, status, error ?? null],
  );
}
